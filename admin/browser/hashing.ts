/**
 * SHA-256 and Ed25519. A page on https or on this machine has them in the browser; any other loads
 * a library for them.
 */
export type Hashing = {
	sha256(bytes: Uint8Array): Promise<Uint8Array>;
	/** Undefined if the signature cannot be checked here. */
	verify(signature: Uint8Array, message: Uint8Array, key: Uint8Array): Promise<boolean>;
};

export async function hashing(): Promise<Hashing> {
	return crypto.subtle !== undefined && (await hasEd25519()) ? BROWSERS_OWN : loaded();
}

async function hasEd25519(): Promise<boolean> {
	try {
		await crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
		return true;
	} catch (error) {
		return (error as Error).name === "DataError";
	}
}

const BROWSERS_OWN: Hashing = {
	async sha256(bytes) {
		return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
	},
	async verify(signature, message, key) {
		const usable = await crypto.subtle.importKey("raw", key as BufferSource, "Ed25519", false, [
			"verify",
		]);
		return crypto.subtle.verify(
			"Ed25519",
			usable,
			signature as BufferSource,
			message as BufferSource,
		);
	},
};

async function loaded(): Promise<Hashing> {
	const [ed25519, { sha256, sha512 }] = await Promise.all([
		import("@noble/ed25519"),
		import("@noble/hashes/sha2.js"),
	]);
	ed25519.hashes.sha512 = (message) => sha512(message);
	return {
		sha256: async (bytes) => sha256(bytes),
		verify: async (signature, message, key) => ed25519.verify(signature, message, key),
	};
}
