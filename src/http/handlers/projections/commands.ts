/** Commands to a projection (contract 8.1): run, stop, begin anew, be deleted. */
import { NEVER_STOPS, systemProjection } from "../../../projections/system.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import {
	answerJson,
	answerNamed,
	checkAccept,
	flag,
	type ProjectionTarget,
	permitChange,
} from "./request.ts";

/** A script is open within a fraction of this, unless the machine has much else to do. */
const BEGIN_MS_MAX = 3000;

/** POST …/command/enable: clients look at once whether it runs, so it is answered when it does. */
export async function answerEnable(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	await permit(exchange, target);
	const { projections } = exchange.context;
	await projections.enable(target.id);
	if (!systemProjection(target.id)) {
		const projection = await projections.get(target.id);
		const signal = AbortSignal.any([AbortSignal.timeout(BEGIN_MS_MAX), clientGone(exchange)]);
		await projection.until(0, signal);
	}
	return answerNamed(target.id);
}

/** POST …/command/disable: it keeps how far it is. */
export function answerDisable(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	return stop(exchange, target, true);
}

/** POST …/command/abort: it does not. */
export function answerAbort(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	return stop(exchange, target, false);
}

/** POST …/command/reset */
export async function answerReset(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	await permit(exchange, target);
	await exchange.context.projections.reset(target.id);
	return answerNamed(target.id);
}

/** DELETE /projection/{name} */
export async function answerProjectionDelete(
	exchange: Exchange,
	target: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, target.query);
	const { query } = target;
	await exchange.context.projections.delete(target.id, {
		state: flag(query, "deletestatestream", false),
		checkpoint: flag(query, "deletecheckpointstream", false),
		emitted: flag(query, "deleteemittedstreams", false),
	});
	return answerNamed(target.id);
}

/** POST /projections/restart */
export async function answerProjectionsRestart(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	checkAccept(exchange, query);
	await exchange.context.projections.restart();
	return answerJson("Restarting");
}

async function stop(exchange: Exchange, target: ProjectionTarget, saves: boolean): Promise<Answer> {
	await permit(exchange, target);
	await exchange.context.projections.disable(target.id, saves);
	if (!systemProjection(target.id)) return answerNamed(target.id);
	return answerNamed(target.id, 200, [], { message: NEVER_STOPS });
}

/** @throws Refusal `unauthorized`, `projection-not-found` */
async function permit(exchange: Exchange, target: ProjectionTarget): Promise<void> {
	checkAccept(exchange, target.query);
	if (systemProjection(target.id)) return permitChange(exchange, "Continuous");
	const found = await exchange.context.projections.get(target.id);
	const { mode, author } = found.definition;
	await permitChange(exchange, mode, author);
}
