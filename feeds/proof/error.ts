/** What is wrong with a proof, a checkpoint or a key, in words that follow its name. */
export class ProofError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "ProofError";
	}
}
