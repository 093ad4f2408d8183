/** The server itself as the screens see it, for one visitor. */
import type { Operations } from "../../../screens.ts";
import type { Context } from "../../context.ts";
import { stateOf } from "../../numbers/state.ts";
import { neededFor, permit, type Right } from "../../rights.ts";

/** The other parameters of a scavenge, as its request has them where it names none. */
const NOTED = { startFromChunk: 0, threads: 1, threshold: 0 };

/** @param identity of the visitor, in the word of `identityOf` */
export function operationsFor(context: Context, identity: string): Operations {
	const { scavenger, upkeep, recent, options, lines } = context;
	const need = (right: Right) => permit(identity, neededFor({ right }, { stream: "" }));
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
			await scavenger.start({ throttlePercent, noted: NOTED });
		},
		async stopScavenge() {
			need("operate");
			await scavenger.stop("current");
		},
		async startVerification(throttlePercent) {
			need("operate");
			upkeep.verifications.start(throttlePercent);
		},
		async stopVerification() {
			need("operate");
			await upkeep.verifications.stop();
		},
	};
}
