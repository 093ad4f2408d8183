/**
 * A subscription under random consumers, kills and clocks, against what it must never do. Its seed
 * is printed; set VARVE_TEST_SEED to run it again, and VARVE_TEST_RUNS for more runs than one.
 */
import { checkpointOf } from "../../src/subscriptions/steps/checkpoint.ts";
import { randomFrom } from "../../test/feeds/random.ts";
import { EVENTS, remaining, World } from "./world.ts";

const STEPS = 3000;
const ROUNDS_MAX = 10_000;
const runs = Number(process.env.VARVE_TEST_RUNS ?? 2);
const first = Number(process.env.VARVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const STRATEGIES = [
	"RoundRobin",
	"DispatchToSingle",
	"Pinned",
	"PinnedByCorrelation",
	"OrderedByKey",
] as const;

test.each(STRATEGIES)(
	"%s: all is handled, in the order of its key, by one consumer at a time, through kills",
	(strategy) => {
		console.info(`${strategy}: seed ${first}, runs ${runs}`);
		for (let seed = first; seed < first + runs; seed++)
			runOnce(new World(strategy, randomFrom(seed)));
	},
);

function runOnce(world: World): void {
	for (let steps = 0; steps < STEPS; steps++) world.something();
	expect(world.kills).toBeGreaterThan(0);
	// In the end, all consumers are well.
	const isRead = () => world.state.tracks.source.next === EVENTS;
	const comesAgain = () => world.state.tracks.parked.open.size > 0;
	for (let rounds = 0; remaining(world).length > 0 || !isRead() || comesAgain(); rounds++) {
		expect(rounds).toBeLessThan(ROUNDS_MAX);
		world.find();
		world.pass(600);
		world.writeParked();
		for (const consumer of ["a", "b", "c"]) world.ask(consumer, 40);
		for (const [number, delivery] of [...world.with]) world.say({ is: "ack" }, number, delivery);
	}
	const { tracks, inFlight, delayed, waiting, byId } = world.state;
	world.writeParked();
	expect(tracks.source.open.size).toBe(0);
	expect(inFlight.size + delayed.size + waiting.size + byId.size).toBe(0);
	expect(checkpointOf(tracks.source)).toEqual({ next: EVENTS, open: [] });
	world.save();
	// Whoever was parked and is not acked stands in the parked stream, once or again after a kill.
	for (const [number, fate] of world.fates) {
		if (fate === "parked") expect(world.parked).toContain(number);
	}
}
