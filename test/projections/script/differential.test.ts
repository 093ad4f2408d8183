import { type Outcome, openScripts } from "../../../src/projections/script/script.ts";
import { Chance, randomEvents, randomProgram } from "./programs.ts";
import { evaluate } from "./reference.ts";
import { KeptStates, tryScript } from "./trying.ts";

const SEED = Number(process.env.VARVE_SEED ?? Date.now() % 1e9);
const PROGRAMS = Number(process.env.VARVE_PROGRAMS ?? 25);
const EVENTS = 60;

const scripts = openScripts();
afterAll(() => scripts.close());

type Collected = {
	readonly done: number;
	readonly emitted: readonly unknown[];
	readonly results: readonly unknown[];
	readonly log: readonly unknown[];
	readonly during: string | undefined;
};

function collect(into: Collected, outcome: Outcome): Collected {
	const { done } = into;
	const place = (event: number) => event + done;
	return {
		done: done + outcome.done,
		emitted: [
			...into.emitted,
			...outcome.emitted.map((one) => [
				...[place(one.event), one.partition, one.stream, one.type],
				...[one.isJson, one.data, one.metadata],
			]),
		],
		results: [
			...into.results,
			...outcome.results.map((one) => [place(one.event), one.partition, one.result]),
		],
		log: [...into.log, ...outcome.log.map(({ event, text }) => [place(event), text])],
		during: outcome.fault?.during,
	};
}

/**
 * Runs in batches of random lengths. Now and then the sandbox is restarted from the states that
 * were handed out. Without results, plain events take a shorter way through the sandbox.
 */
async function runInParts(
	source: string,
	events: ReturnType<typeof randomEvents>,
	chance: Chance,
	results: "each" | "none",
) {
	const states = new KeptStates();
	let collected: Collected = { done: 0, emitted: [], results: [], log: [], during: undefined };
	let tried = await tryScript(scripts, source, { states });
	while (collected.done < events.length) {
		const end = collected.done + 1 + chance.below(25);
		const outcome = await tried.run(events.slice(collected.done, end), { results });
		// What cannot be undone is left to the user, who runs the good events again.
		if (outcome.isLost) {
			const good = events.slice(
				collected.done,
				collected.done + (outcome.fault?.event?.index ?? 0),
			);
			await tried.script.close();
			tried = await tryScript(scripts, source, { states });
			const { during } = outcome.fault ?? {};
			collected = { ...collect(collected, await tried.run(good, { results })), during };
			break;
		}
		collected = collect(collected, outcome);
		if (outcome.fault) break;
		if (chance.below(3) > 0) continue;
		await tried.script.close();
		tried = await tryScript(scripts, source, { states });
	}
	await tried.script.close();
	return { ...collected, states: states.all, shared: states.shared };
}

it(`random programs do as the rules of the language say (VARVE_SEED=${SEED})`, async () => {
	const chance = new Chance(SEED);
	for (let at = 0; at < PROGRAMS; at++) {
		const source = randomProgram(chance);
		const events = randomEvents(chance, EVENTS);
		const expected = evaluate(source, events);
		const found = await runInParts(source, events, chance, "each");
		expect({ source, ...found }).toEqual({ source, ...expected });
		const states = await runInParts(source, events, chance, "none");
		expect({ source, ...states }).toEqual({ source, ...expected, results: [] });
	}
}, 300_000);
