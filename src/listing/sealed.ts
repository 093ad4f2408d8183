/**
 * The place where a list goes on, for somebody who may not read the stream that it is named after:
 * the name in a form that only this process can read. No name of a stream begins as it does.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const KEY = randomBytes(32);
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A control character. */
const MARK = "\u0001";

export function sealName(name: string): string {
	const nonce = randomBytes(NONCE_BYTES);
	const cipher = createCipheriv(CIPHER, KEY, nonce);
	const sealed = Buffer.concat([cipher.update(name), cipher.final()]);
	return MARK + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

export function isSealed(text: string): boolean {
	return text.startsWith(MARK);
}

/** @returns undefined if another process sealed it, or nobody */
export function openName(text: string): string | undefined {
	const bytes = Buffer.from(text.slice(MARK.length), "base64url");
	const [nonce, tag] = [
		bytes.subarray(0, NONCE_BYTES),
		bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES),
	];
	try {
		const decipher = createDecipheriv(CIPHER, KEY, nonce, { authTagLength: TAG_BYTES });
		decipher.setAuthTag(tag);
		const name = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
		return Buffer.concat([name, decipher.final()]).toString();
	} catch {
		return undefined;
	}
}
