/** The server itself as the screens see it, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import type { Operations } from "../../../../screens.ts";
import type { Context } from "../../../context.ts";
import { stateOf } from "../../../numbers/state.ts";
import type { Recording } from "../recording.ts";

/** The other parameters of a scavenge, as its request has them where it names none. */
const NOTED = { startFromChunk: 0, threads: 1, threshold: 0 };

export function operationsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): Operations {
	const { scavenger, upkeep, recent, options, lines, access } = context;
	// None of these rights is one on a stream, so that they are known at once.
	const need = (right: Right) => {
		if (access.mayNow(principal, neededFor({ right }, { stream: "" }))) return;
		throw new Refusal("unauthorized", { cause: "denied" });
	};
	return {
		async state() {
			need("monitor");
			return stateOf(context);
		},
		recent() {
			need("monitor");
			return recent.figures();
		},
		options() {
			need("operate");
			return options.list();
		},
		lines(level, limit) {
			need("operate");
			return lines.newest(level, limit);
		},
		async startScavenge(throttlePercent) {
			need("operate");
			await record("scavenge-started", await scavenger.start({ throttlePercent, noted: NOTED }));
		},
		async stopScavenge() {
			need("operate");
			await record("scavenge-stopped", await scavenger.stop("current"));
		},
		async startVerification(throttlePercent) {
			need("operate");
			await record("verification-started", upkeep.verifications.start(throttlePercent));
		},
		async stopVerification() {
			need("operate");
			await record("verification-stopped", await upkeep.verifications.stop());
		},
	};
}
