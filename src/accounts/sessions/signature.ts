/** Signatures of what a browser keeps for the server: HMAC-SHA-256 (RFC 2104) under its key. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** @param signed the first of them says what it is for */
export function signatureOf(key: Buffer | string, signed: readonly (string | number)[]): string {
	return createHmac("sha256", key).update(JSON.stringify(signed)).digest("base64url");
}

export function isSameSignature(sent: string, right: string): boolean {
	const [one, other] = [Buffer.from(sent), Buffer.from(right)];
	return one.length === other.length && timingSafeEqual(one, other);
}
