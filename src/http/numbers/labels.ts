/** Names of clients as values of labels. */
import { createHash } from "node:crypto";

/** A longer name is cut, with a digest that tells it from others. */
const LABEL_CHARACTERS = 200;
const DIGEST_DIGITS = 12;

export function labelOf(name: string): string {
	const characters = [...name];
	if (characters.length <= LABEL_CHARACTERS) return name;
	const digest = createHash("sha256").update(name).digest("hex").slice(0, DIGEST_DIGITS);
	return `${characters.slice(0, LABEL_CHARACTERS).join("")}…${digest}`;
}
