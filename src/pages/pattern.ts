/**
 * Regular expressions of clients, run within a bound of time.
 *
 * Some expressions take ages on some texts (`(a+)+$` on a hundred `a`), and the engine has no time
 * limit of its own. A script in a context of its own has one: the engine checks it whenever it
 * backtracks. A whole scan is one call of the script, since starting that timer costs some 50 µs.
 */
import { createContext, Script } from "node:vm";
import { LRUCache } from "lru-cache";
import { Refusal } from "../errors.ts";

/** More than a list of alternatives needs, and little enough to be compiled in no time. */
export const PATTERN_LENGTH_MAX = 512;
/** An honest expression reads a scan of 4,096 names in about 1 ms. */
const RUN_MS_MAX = 200;
/**
 * The engine measures wall time. A call that ran out of time is tried again if the process got less
 * processor time than that: then the machine is busy, and the expression may be honest.
 */
const RUNS_MAX = 5;
/** Expressions that ran out of time once are refused at once from then on. */
const SLOW_REMEMBERED = 1000;

/** An expression that takes ages on some text takes them on one of this length. */
const TRIED_CHARACTERS = 64;
/** Nothing that was repeated ends like that: the engine looks for another way to read it. */
const ENDS = ["\n", "!"];

const slow = new LRUCache<string, true>({ max: SLOW_REMEMBERED });
const realm: { texts: readonly string[]; pattern: RegExp | undefined } = {
	texts: [],
	pattern: undefined,
};
const context = createContext(realm, { codeGeneration: { strings: false, wasm: false } });
const script = new Script("texts.map((text) => pattern.test(text))");

/**
 * Finds which of `texts` the expression occurs in.
 * @throws Refusal `invalid-filter`
 */
export type Pattern = (texts: readonly string[]) => readonly boolean[];

/** @throws Refusal `invalid-filter` */
export function compilePattern(source: string): Pattern {
	if (source.length > PATTERN_LENGTH_MAX) {
		throw refusal(`A regular expression may have ${PATTERN_LENGTH_MAX} characters.`);
	}
	if (slow.has(source)) throw tooSlow();
	let pattern: RegExp;
	try {
		pattern = new RegExp(source);
	} catch (error) {
		throw refusal((error as SyntaxError).message);
	}
	return (texts) => run(pattern, texts);
}

/**
 * Runs an expression on texts of its own characters, over and over, which shows most of those that
 * take ages on some text. The others are refused when they meet one.
 * @throws Refusal `invalid-filter`
 */
export function tryPattern(source: string): void {
	const words = [...new Set(source.match(/[\w$:. -]+/g) ?? [])];
	const characters = new Set([...words.join(""), "a", "0", "-"]);
	const repeated = [...words, ...characters].map((part) =>
		part.repeat(Math.ceil(TRIED_CHARACTERS / part.length)),
	);
	compilePattern(source)(repeated.flatMap((text) => ENDS.map((end) => text + end)));
}

function run(pattern: RegExp, texts: readonly string[]): readonly boolean[] {
	realm.texts = texts;
	realm.pattern = pattern;
	try {
		for (let runs = 1; runs <= RUNS_MAX; runs++) {
			const before = process.cpuUsage();
			const found = runOnce();
			if (found) return found;
			const { user, system } = process.cpuUsage(before);
			if ((user + system) / 1000 < RUN_MS_MAX / 2) continue;
			slow.set(pattern.source, true);
			break;
		}
		throw tooSlow();
	} finally {
		realm.texts = [];
		realm.pattern = undefined;
	}
}

/**
 * @returns undefined if the time ran out
 * @throws Refusal `invalid-filter` if the engine cannot run the expression, which is too large once
 *   it is compiled
 */
function runOnce(): readonly boolean[] | undefined {
	try {
		return script.runInContext(context, { timeout: RUN_MS_MAX }) as boolean[];
	} catch (error) {
		if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
		throw refusal(String(error));
	}
}

function tooSlow(): Refusal {
	return refusal("This regular expression takes too long; write it without nested repetitions.");
}

function refusal(reason: string): Refusal {
	return new Refusal("invalid-filter", { reason });
}
