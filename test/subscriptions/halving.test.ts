/** A message that makes each batch fail that it is in: it is parked alone. */
import { parseSettings } from "../../src/subscriptions/settings.ts";
import { newState, type State } from "../../src/subscriptions/steps/state.ts";
import { type Input, step } from "../../src/subscriptions/steps/step.ts";

const EVENTS = 400;
const POISON = 57;

function stateOf(settings: object): State {
	const state = newState(parseSettings(settings), 0, 0);
	const messages = Array.from({ length: EVENTS }, (_, number) => ({
		number,
		id: String(number),
		key: `${number % 7}`,
	}));
	step(state, { kind: "found", origin: "source", messages, next: EVENTS }, 0);
	return state;
}

/** Takes batches until nothing is left; one that holds the poison is given back as a whole. */
function work(state: State, count: number) {
	const parked: number[] = [];
	const failed: number[] = [];
	for (let turns = 0; state.tracks.source.open.size > 0; turns++) {
		expect(turns).toBeLessThan(10 * EVENTS);
		const take: Input = { kind: "take", consumer: "c", count, login: "" };
		const { delivered } = step(state, take, 0);
		const isBad = delivered.some(({ number }) => number === POISON);
		if (isBad) failed.push(delivered.length);
		const names = delivered.map(({ id, attempt }) => ({ id, attempt }));
		const answer = { is: isBad ? "retry" : "ack" } as const;
		const { toPark } = step(state, { kind: "answer", answer, names }, 0);
		parked.push(...toPark.map(({ message }) => message.number));
		step(state, { kind: "parked", messages: toPark.map(({ message }) => message) }, 0);
	}
	return { parked, failed };
}

test.each([
	["RoundRobin", 10, 100],
	["RoundRobin", 3, 100],
	["RoundRobin", 10, 1000],
	["RoundRobin", 1, 100],
	["Pinned", 10, 100],
])(
	"%s, %i retries, batches of %i: all the others are handled",
	(strategy, maxRetryCount, count) => {
		const state = stateOf({ namedConsumerStrategy: strategy, maxRetryCount });
		const { parked, failed } = work(state, count);
		expect(parked).toEqual([POISON]);
		expect(failed.at(-1)).toBe(1);
		expect(failed).toHaveLength(maxRetryCount + 1);
		expect(state.counts.all.settled).toBe(EVENTS);
	},
);

test("by key, what stands behind it in its key waits, and it is parked alone", () => {
	const { parked } = work(stateOf({ namedConsumerStrategy: "OrderedByKey" }), 100);
	expect(parked).toEqual([POISON]);
});

test("who never fails gets as many as it asks for", () => {
	const state = stateOf({});
	const { delivered } = step(state, { kind: "take", consumer: "c", count: 300, login: "" }, 0);
	expect(delivered).toHaveLength(300);
});
