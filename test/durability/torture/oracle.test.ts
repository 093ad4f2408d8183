/** The oracle itself: a right log passes, and each way to be wrong is seen. */
import {
	type Attempt,
	answered,
	type Batch,
	type Expected,
	newAttempt,
	newHistory,
	type Outcome,
} from "./history.ts";
import { isStill } from "./life.ts";
import { faultsOf, type LoggedEvent } from "./oracle.ts";

test("a log that is as its clients were told passes", () => {
	const { history, log } = story();
	expect(faultsOf(history, log)).toEqual([]);
});

test("an append without an answer may be there or not, but not in part", () => {
	const { history, log } = story();
	const { id } = log[5] as LoggedEvent;
	const unknown = history.batches.find(({ events }) => events[0]?.id === id);
	expect(unknown?.attempts.map(({ outcome }) => outcome.kind)).toEqual(["unknown"]);
	expect(faultsOf(history, log.slice(0, 5))).toEqual([]);
	expect(faultsOf(history, log.slice(0, 6)).join()).toContain("1 of them are there");
});

test("of two that were sent at a time either may be called the repeat, and not both", () => {
	const { history, log } = story();
	const [batch] = history.batches as [Batch];
	const [first] = batch.attempts as [Attempt];
	const outcome = { ...first.outcome, repeated: true } as Outcome;
	batch.attempts.splice(0, 1, { ...first, besides: true, outcome }, { ...first, besides: true });
	expect(faultsOf(history, log)).toEqual([]);
	Object.assign(batch.attempts[0] as Attempt, { outcome: first.outcome });
	expect(faultsOf(history, log).join()).toContain("acknowledged as new twice");
});

test("after a crash an event is what it was, up to its leaf hash, or was erased", () => {
	const event = { ...(story().log[0] as LoggedEvent), leaf: "ab" };
	expect(isStill(event, { ...event })).toBe(true);
	expect(isStill(event, { ...event, data: NOTHING, erased: "redacted" })).toBe(true);
	for (const changed of [
		{ leaf: "ac" },
		{ data: NOTHING },
		{ metadata: NOTHING },
		{ created: 1 },
	]) {
		expect(isStill(event, { ...event, ...changed })).toBe(false);
	}
	expect(isStill({ ...event, erased: "redacted" }, event)).toBe(false);
	expect(isStill(event, undefined)).toBe(false);
});

const NOTHING = Buffer.alloc(0);

type Story = ReturnType<typeof story>;
const WRONG: readonly (readonly [string, (story: Story) => void, string])[] = [
	["an acknowledged append is missing", ({ log }) => void log.splice(4), "missing"],
	["an event is there twice", ({ log }) => void log.push(again(log, 0)), "is there twice"],
	["an event stands elsewhere", ({ log }) => swap(log, 3, 4), "position"],
	["a batch is torn", ({ log }) => void log.splice(6, 1), "1 of them are there"],
	["data has changed", ({ log }) => change(log, 2, { data: Buffer.from("{}") }), "as it was sent"],
	[
		"metadata has changed",
		({ log }) => change(log, 2, { metadata: Buffer.from("{}") }),
		"as it was sent",
	],
	["a type has changed", ({ log }) => change(log, 2, { type: "Other" }), "as it was sent"],
	["a version is left out", ({ log }) => change(log, 4, { version: 9 }), "follows version"],
	["time runs backwards", ({ log }) => change(log, 4, { created: 1 }), "created before"],
	["nobody sent it", ({ log }) => void log.push(again(log, 0, { id: "x" })), "nobody sent that"],
	["nobody deleted it", ({ log }) => void log.push(tombstone(log)), "nobody deleted that"],
	[
		"a refused append is there",
		({ history, log }) => {
			const first = history.batches[0];
			first?.attempts.splice(0, 1, refused("wrong-expected-version", 5));
			expect(first?.events[0]?.id).toBe(log[0]?.id);
		},
		"was refused, and is there",
	],
	[
		"an expected version did not hold",
		({ history }) => {
			Object.assign(history.batches[1] as object, { expected: 7 });
		},
		"expected 7, and begins at version 2",
	],
	[
		"a refusal was wrong",
		({ history }) => {
			const [batch] = history.batches;
			Object.assign(batch as object, { expected: 1 });
			batch?.attempts.push(refused("wrong-expected-version", 1));
		},
		"refused at 1",
	],
	[
		"a later append stands before one that was acknowledged",
		({ history }) => {
			Object.assign(history.batches[1]?.attempts[0] as object, { positionFloor: 4 });
		},
		"acknowledged before it was sent",
	],
	[
		"a first append was called a repeat",
		({ history }) => {
			const outcome = history.batches[0]?.attempts[0]?.outcome;
			Object.assign(outcome as object, { repeated: true });
		},
		"called a repeat",
	],
	[
		"an append was new twice",
		({ history }) => {
			const [batch] = history.batches;
			batch?.attempts.push({ ...(batch.attempts[0] as Attempt) });
		},
		"acknowledged as new twice",
	],
	["content is gone", ({ log }) => change(log, 2, { data: NOTHING, erased: "redacted" }), "nobody"],
	[
		"an acknowledged redaction is undone",
		({ history }) => {
			const attempt = newAttempt(history, "a");
			attempt.outcome = { kind: "written", first: 0, position: 0, repeated: false };
			history.redactions.push({ stream: "a", version: 0, metadata: false, attempt });
		},
		"its redaction was acknowledged",
	],
	[
		"metadata is back that was redacted with the data",
		({ history, log }) => {
			const attempt = newAttempt(history, "a");
			attempt.outcome = { kind: "written", first: 0, position: 0, repeated: false };
			history.redactions.push({ stream: "a", version: 0, metadata: true, attempt });
			change(log, 0, { data: NOTHING, erased: "redacted" });
		},
		"its redaction was acknowledged, and it has its metadata",
	],
	[
		"a scavenge took what was shown",
		({ history, log }) => {
			history.scavenges++;
			change(log, 2, { data: NOTHING, erased: "scavenged" });
		},
		"nobody might have it scavenged",
	],
	[
		"an acknowledged delete is missing",
		({ history }) => {
			const attempt = newAttempt(history, "a");
			attempt.outcome = { kind: "written", first: -1, position: 4, repeated: false };
			history.deletes.push({ stream: "a", hard: true, attempt });
		},
		"hard delete of a at position 4: stands before",
	],
];

test.each(WRONG)("it sees that %s", (_, spoil, said) => {
	const told = story();
	spoil(told);
	expect(faultsOf(told.history, told.log).join("\n")).toContain(said);
});

/** Two batches and a single append that were acknowledged, one refused, and one without an answer. */
function story() {
	const history = newHistory();
	const log: LoggedEvent[] = [];
	let ids = 0;
	const append = (stream: string, count: number, expected: Expected, told?: Outcome["kind"]) => {
		const events = Array.from({ length: count }, () => {
			const id = `id-${ids++}`;
			const data = Buffer.from(JSON.stringify({ id }));
			return { id, type: "T", isJson: true, data, metadata: Buffer.from(`{"of":"${id}"}`) };
		});
		const attempt = newAttempt(history, stream);
		history.batches.push({ stream, expected, events, attempts: [attempt] });
		if (told === "refused") {
			Object.assign(attempt, refused("wrong-expected-version", lastOf(log, stream)));
			return;
		}
		const first = lastOf(log, stream) + 1;
		for (const event of events) {
			const version = lastOf(log, stream) + 1;
			log.push({
				...event,
				position: log.length,
				stream,
				version,
				created: 1000,
			});
		}
		if (told === "unknown") return;
		const outcome = { kind: "written", first, position: log.length - 1, repeated: false } as const;
		answered(history, attempt, stream, outcome, lastOf(log, stream));
	};
	append("a", 2, "no-stream");
	append("a", 2, 1);
	append("b", 1, "any");
	append("b", 1, 7, "refused");
	append("a", 2, "any", "unknown");
	return { history, log };
}

function lastOf(log: readonly LoggedEvent[], stream: string): number {
	return log.filter((event) => event.stream === stream).length - 1;
}

function refused(word: string, current: number) {
	const outcome: Outcome = { kind: "refused", word, current };
	return { positionFloor: -1, versionFloor: -1, besides: false, outcome };
}

function again(log: LoggedEvent[], index: number, changed: Partial<LoggedEvent> = {}) {
	const event = log[index] as LoggedEvent;
	const version = lastOf(log, event.stream) + 1;
	return { ...event, position: log.length, version, ...changed };
}

function tombstone(log: LoggedEvent[]) {
	return again(log, 4, { id: "t", type: "$streamDeleted", data: Buffer.alloc(0) });
}

function change(log: LoggedEvent[], index: number, changed: Partial<LoggedEvent>): void {
	log[index] = { ...(log[index] as LoggedEvent), ...changed };
}

function swap(log: LoggedEvent[], one: number, other: number): void {
	[log[one], log[other]] = [log[other] as LoggedEvent, log[one] as LoggedEvent];
}
