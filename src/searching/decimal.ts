/**
 * Compares numbers as they are written, exactly: 2^63 and 2^63 + 1 are two numbers, 1.10 and 1.1
 * are one, and 1e400 is larger than both.
 */

/** 0.digits × 10^magnitude, without zeros at either end; "" is zero. */
type Decimal = { readonly sign: number; readonly magnitude: number; readonly digits: string };

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * @param one a number of JSON
 * @param other a number of JSON
 * @returns below 0, 0 or above 0; NaN if one is no number
 */
export function compareDecimals(one: string, other: string): number {
	if (one === other) return 0;
	const [left, right] = [decimalOf(one), decimalOf(other)];
	if (left === undefined || right === undefined) return Number.NaN;
	if (left.sign !== right.sign) return left.sign - right.sign;
	if (left.magnitude !== right.magnitude) {
		return left.magnitude < right.magnitude ? -left.sign : left.sign;
	}
	if (left.digits === right.digits) return 0;
	return left.digits < right.digits ? -left.sign : left.sign;
}

function decimalOf(text: string): Decimal | undefined {
	const [, minus, whole = "", fraction = "", exponent = "0"] = PARTS.exec(text) ?? [];
	if (minus === undefined) return undefined;
	const all = whole + fraction;
	const digits = withoutZeros(all);
	if (digits === "") return { sign: 0, magnitude: 0, digits };
	const leading = all.length - all.replace(/^0+/, "").length;
	const magnitude = whole.length - leading + Number(exponent);
	return { sign: minus === "-" ? -1 : 1, magnitude, digits };
}

/** A loop: an expression for zeros at the end would try each zero within. */
function withoutZeros(text: string): string {
	let [from, to] = [0, text.length];
	while (text[from] === "0") from++;
	while (to > from && text[to - 1] === "0") to--;
	return text.slice(from, to);
}
