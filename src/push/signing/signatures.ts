/**
 * Signatures by Standard Webhooks: a list, one for each secret that is valid, so that a receiver
 * which knows any of them can check. `v1` is HMAC-SHA256, `v1a` is Ed25519; both sign the id, the
 * time of the attempt and the body, with dots between.
 */
import { createHmac, sign } from "node:crypto";
import type { PushKey, SecretName } from "./key.ts";

export type Signed = {
	/** The same in each attempt. */
	readonly id: string;
	/** Of the attempt, in seconds since 1970: receivers refuse what is minutes old. */
	readonly timestamp: number;
	readonly body: Uint8Array;
};

/** The fields of a request, names and values in turn. */
export function signatureFields(
	key: PushKey,
	secrets: readonly SecretName[],
	{ id, timestamp, body }: Signed,
): string[] {
	const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
	const list = secrets.flatMap((secret) => {
		const mac = createHmac("sha256", key.secretOf(secret)).update(content).digest("base64");
		const signature = sign(null, content, key.privateKeyOf(secret)).toString("base64");
		return [`v1,${mac}`, `v1a,${signature}`];
	});
	return [
		...["webhook-id", id, "webhook-timestamp", String(timestamp)],
		...["webhook-signature", list.join(" ")],
	];
}

/** The secret of `v1`, as libraries of Standard Webhooks take it. */
export function secretText(key: PushKey, secret: SecretName): string {
	return `whsec_${key.secretOf(secret).toString("base64")}`;
}

/** The public key of `v1a`, in the same notation. */
export function publicKeyText(key: PushKey, secret: SecretName): string {
	return `whpk_${key.publicKeyOf(secret).toString("base64")}`;
}

/** The public keys as a set of JWKs (RFC 7517 and 8037). */
export function keySet(key: PushKey, secrets: readonly SecretName[]): object {
	const keys = secrets.map((secret) => ({
		kty: "OKP",
		crv: "Ed25519",
		x: key.publicKeyOf(secret).toString("base64url"),
		kid: `${secret.uid}.${secret.generation}`,
		use: "sig",
		alg: "EdDSA",
	}));
	return { keys };
}
