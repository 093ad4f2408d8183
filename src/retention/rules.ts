/**
 * The rules of retention in a metadata document, each by itself: a good one applies whatever stands
 * beside it (departure 35 of the contract).
 *
 * A number counts by its value: `2.0` and `2e0` are 2. Client libraries write whole numbers as
 * their language does.
 */

/** The parts of a number of JSON: its sign, digits, fraction and exponent. */
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** 2^63-1, the largest number of the contract, has 19. */
const DIGITS_MAX = 19;

/** As large as a number of the contract can be. No event has it, so as `$tb` it hides them all. */
export const NUMBER_MAX = "9223372036854775807";

/** JavaScript makes 9223372036854776000 of the largest number, which is none of the contract's. */
const TOO_LARGE = `it is beyond ${NUMBER_MAX}`;

/** The rules that are numbers, and those that are true or false. */
export const NUMBER_RULES = ["$maxCount", "$maxAge", "$tb", "$cacheControl"] as const;
export const FLAG_RULES = ["$tmp"] as const;
export const ACL = "$acl";
/** Each request goes through them. */
const ROLES_MAX = 1000;
const ROLE_LENGTH_MAX = 256;
const RIGHTS = ["$r", "$w", "$d", "$mr", "$mw"];

/** The number that the text of a value stands for; if it can be none of a rule, the reason. */
export function wholeNumber(text: string): bigint | string {
	const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
	if (sign === undefined) return "it is not a number";
	const digits = (whole + fraction).replace(/^0+/, "");
	if (digits === "") return 0n;
	// 1.50e1 is 150 with one digit cut off.
	const shift = Number(exponent) - fraction.length;
	if (shift < 0 && /[1-9]/.test(digits.slice(shift))) return "it is not a whole number";
	if (digits.length + shift > DIGITS_MAX) return TOO_LARGE;
	const number = BigInt(shift < 0 ? digits.slice(0, shift) : digits + "0".repeat(shift));
	if (number > BigInt(NUMBER_MAX)) return TOO_LARGE;
	return sign === "-" ? -number : number;
}

/** Says why the text of a value cannot be an ACL; returns undefined if it can. */
export function aclFault(text: string): string | undefined {
	const acl: unknown = JSON.parse(text);
	if (typeof acl !== "object" || acl === null || Array.isArray(acl)) return "it is not an object";
	for (const right of RIGHTS) {
		const roles: unknown = Object.hasOwn(acl, right) ? acl[right as keyof typeof acl] : "";
		const all: unknown[] = [roles].flat();
		if (all.some((role) => typeof role !== "string")) {
			return `${right} is neither the name of a user or group nor a list of such names`;
		}
		if (all.length > ROLES_MAX) return `${right} has more than ${ROLES_MAX} names; make a group`;
		if (all.some((role) => (role as string).length > ROLE_LENGTH_MAX)) {
			return `${right} has a name of more than ${ROLE_LENGTH_MAX} characters`;
		}
	}
	return undefined;
}
