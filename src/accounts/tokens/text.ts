/**
 * The text of a token, as its machine sends it:
 *
 *     varve_<id>_<secret><check>      varve_ and 12, 40 and 6 letters and digits
 *
 * The word in front makes it easy to find where it should not be, in a repository or a log. The
 * check sum tells a token from text that looks like one, and a cut token from a whole one.
 */
import { createHash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 12;
/** 238 bits: nobody guesses it, so a plain hash keeps it. */
const SECRET_LENGTH = 40;
const CHECK_LENGTH = 6;
const FORM = /^(varve_([0-9A-Za-z]{12})_[0-9A-Za-z]{40})([0-9A-Za-z]{6})$/;

export function newTokenId(): string {
	return randomText(ID_LENGTH);
}

/** A new token for an id. Nobody can make it again of what the log keeps of it. */
export function newTokenText(id: string): string {
	const body = `varve_${id}_${randomText(SECRET_LENGTH)}`;
	return body + checkOf(body);
}

/** The id in a token; undefined if the text is none, or not a whole one. */
export function tokenIdIn(text: string): string | undefined {
	const [, body = "", id, check] = FORM.exec(text) ?? [];
	return check === checkOf(body) ? id : undefined;
}

/** What the log keeps of a token, in hexadecimal. */
export function hashOfToken(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

function checkOf(body: string): string {
	let rest = crc32(body);
	let text = "";
	for (let at = 0; at < CHECK_LENGTH; at++) {
		text = ALPHABET.charAt(rest % ALPHABET.length) + text;
		rest = Math.floor(rest / ALPHABET.length);
	}
	return text;
}

function randomText(length: number): string {
	return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}
