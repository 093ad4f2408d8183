/** The query of a projection, and its settings (contract 8.4). */
import { Refusal } from "../../../errors.ts";
import type { Definition, Wanted } from "../../../projections/definition.ts";
import { checkQuery } from "../../../projections/running/check.ts";
import { sourceDefinition } from "../../../projections/script/script.ts";
import { parseConfig } from "../../../projections/settings.ts";
import { systemProjection } from "../../../projections/system.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { readBody } from "../../request/body.ts";
import { checkType, readQuery } from "./create.ts";
import {
	answerJson,
	answerNamed,
	authorOf,
	checkAccept,
	flag,
	type ProjectionTarget,
	parameter,
	permitChange,
	projectionOf,
} from "./request.ts";

const SCRIPT_TYPE = "application/javascript; charset=utf-8";
const CONFIG_BYTES_MAX = 64 * 1024;
const FALSE: ReadonlySet<string> = new Set(["no", "false", "0"]);

/** GET …/query: the text; with `config=yes` what it says of itself. */
export async function answerQuery(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	const isConfig = flag(target.query, "config", false);
	const system = systemProjection(target.id);
	if (system) {
		const { name, type, query } = system;
		return isConfig ? answerJson({ name, query, type }) : script(query);
	}
	const { definition } = await projectionOf(exchange, target);
	if (!isConfig) return script(definition.query);
	const { scripts } = exchange.context.projections.around;
	return answerJson(await shownOf(definition, () => checkQuery(scripts, definition.query)));
}

/** PUT …/query: replaces it. With `beside=yes`, only when the new one has caught up. */
export async function answerQueryUpdate(
	exchange: Exchange,
	target: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, target.query);
	checkType(target.query);
	const { definition } = await projectionOf(exchange, target);
	await permitChange(exchange, definition.mode, definition.author);
	const query = await readQuery(exchange);
	const author = authorOf(exchange);
	const emit = emitIn(target.query);
	const wantedOf = ({ settings, version }: Definition): Wanted => ({
		query,
		author,
		version: version + 1,
		settings: { ...settings, emitEnabled: emit ?? settings.emitEnabled },
	});
	const { projections } = exchange.context;
	if (flag(target.query, "beside", false)) {
		refuseBeside(definition);
		await projections.beside(target.id, wantedOf);
		return answerNamed(target.id, 202);
	}
	await projections.update(target.id, (before) => ({ ...before, ...wantedOf(before) }));
	return answerNamed(target.id);
}

/** DELETE …/candidate: the query that runs beside another one is discarded. */
export async function answerCandidateDelete(
	exchange: Exchange,
	target: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, target.query);
	await exchange.context.projections.beside(target.id, undefined);
	return answerNamed(target.id);
}

/** GET …/config */
export async function answerConfig(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	checkAccept(exchange, target.query);
	const { definition } = await projectionOf(exchange, target);
	const { checkpointsEnabled: _, ...settings } = definition.settings;
	return answerJson({ label: "Projections", ...withoutDefaults(settings) });
}

/** PUT …/config: replaces all of it, in a projection that does not run. */
export async function answerConfigUpdate(
	exchange: Exchange,
	target: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, target.query);
	const projection = await projectionOf(exchange, target);
	const body = await readBody(exchange.req, CONFIG_BYTES_MAX);
	const settings = parseConfig(jsonIn(body), projection.definition.settings);
	if (projection.isRunning) {
		const { state, definition } = projection;
		const reason = "It runs. Disable it before its settings are changed.";
		throw new Refusal("projection-busy", { projection: definition.name, state, reason });
	}
	await exchange.context.projections.update(target.id, (before) => ({ ...before, settings }));
	return answerNamed(target.id);
}

/** @throws Refusal `projection-busy` */
function refuseBeside({ name, mode }: Definition): void {
	if (mode === "Continuous") return;
	const reason = "Only a continuous projection has a query beside its own.";
	throw new Refusal("projection-busy", { projection: name, state: mode, reason });
}

function script(query: string): Answer {
	return textAnswer(200, SCRIPT_TYPE, query, ["Cache-Control", "no-store"]);
}

async function shownOf(
	{ name, query, settings }: Definition,
	read: () => ReturnType<typeof checkQuery>,
): Promise<object> {
	const { emitEnabled, trackEmittedStreams, checkpointsEnabled } = settings;
	const definition = await read();
	const { resultStream } = definition.output;
	return withoutDefaults({
		name,
		query,
		emitEnabled,
		type: "js",
		trackEmittedStreams,
		checkpointsEnabled,
		definition: sourceDefinition(definition),
		outputConfig: resultStream === undefined ? {} : { resultStreamName: resultStream },
	});
}

/** The contract's second serializer leaves out what is false, 0 or not there. */
function withoutDefaults(value: object): object {
	return Object.fromEntries(Object.entries(value).filter(([, each]) => Boolean(each)));
}

function emitIn(query: string): boolean | undefined {
	const value = parameter(query, "emit")?.toLowerCase();
	if (value === undefined) return undefined;
	if (FALSE.has(value)) return false;
	return flag(query, "emit", false) ? true : undefined;
}

function jsonIn(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString());
	} catch {
		return undefined;
	}
}
