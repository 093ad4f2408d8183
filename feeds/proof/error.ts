/** A fault of a proof, a signed head or a key. The message completes a sentence after its name. */
export class ProofError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "ProofError";
	}
}
