/** A short run of what `npm run torture` does for hours. */
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { killAgainAndAgain } from "./torture/kill.ts";
import { losePowerAgainAndAgain } from "./torture/power/loss.ts";

/** Room for a machine that does other things. */
const TIMEOUT_MS = 180_000;

const seed = Number(process.env.VARVE_SEED ?? randomInt(2 ** 31));
const kills = (count: number) => ({ seed, goesOn: (done: number) => done < count });
const cuts = (count: number) => ({ ...kills(count), imagesPerCycle: 10 });

test(
	`what was acknowledged survives kill -9 under mixed load, whole, once and in order (VARVE_SEED=${seed})`,
	async () => {
		const result = await killAgainAndAgain({
			...kills(5),
			killsPerLife: 3,
			checkpointPages: [16],
		});
		expect(result.faults).toEqual([]);
		expect(result.kills).toBeGreaterThanOrEqual(5);
		expect(result.written).toBeGreaterThan(0);
		expect(result.readByFollowers).toBeGreaterThan(0);
		// Were the server to ask for the length of its WAL in other words, there would be none.
		expect(result.checkpoints + result.checkpointsCut).toBeGreaterThan(0);
	},
	TIMEOUT_MS,
);

test(
	`what was acknowledged or shown survives a loss of power (VARVE_SEED=${seed})`,
	async () => {
		const result = await losePowerAgainAndAgain(cuts(2));
		if (!result) return skipped();
		expect(result.faults).toEqual([]);
		expect(result.images).toBe(20);
		expect(result.imagesWithLoss).toBeGreaterThan(0);
		expect(result.imagesInCheckpoint).toBeGreaterThan(0);
		expect(result.written).toBeGreaterThan(0);
	},
	TIMEOUT_MS,
);

// OFF loses more, so it is seen sooner.
test.each(["NORMAL"])(
	`a store with synchronous=%s does not pass: the harness sees what it loses (VARVE_SEED=${seed})`,
	async (synchronous) => {
		const result = await losePowerAgainAndAgain({
			...cuts(20),
			imagesPerCycle: 40,
			pragmas: `synchronous=${synchronous}`,
		});
		if (!result) return skipped();
		expect(result.faults[0]).toMatch(/^power cut after step/);
		expect(result.directory).toBeDefined();
		rmSync(result.directory ?? "", { recursive: true });
	},
	TIMEOUT_MS,
);

function skipped(): void {
	process.stderr.write("left out: recording needs Linux and a C compiler\n");
}
