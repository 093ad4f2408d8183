/** Projections are made: asked once, run once, or kept up to date (contract 8.1). */
import { isUtf8 } from "node:buffer";
import { Refusal } from "../../../errors.ts";
import type { Mode } from "../../../projections/definition.ts";
import { parseProjectionName } from "../../../projections/names.ts";
import { LIMITS } from "../../../projections/script/script.ts";
import { DEFAULTS } from "../../../projections/settings.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { readBody } from "../../request/body.ts";
import { projectionLocation } from "../../urls.ts";
import {
	answerNamed,
	authorOf,
	baseFor,
	checkAccept,
	flag,
	parameter,
	permitChange,
} from "./request.ts";

/** POST /projections/transient, /onetime and /continuous */
export function creation(mode: Mode) {
	return async (exchange: Exchange, { query }: { query: string }): Promise<Answer> => {
		checkAccept(exchange, query);
		checkType(query);
		const { projections } = exchange.context;
		const given = parameter(query, "name") ?? "";
		if (given === "" && mode === "Continuous") {
			throw new Refusal("invalid-projection", { reason: "A continuous projection needs a name." });
		}
		const name = given === "" ? undefined : parseProjectionName(given);
		await permitChange(exchange, mode);
		const isKept = mode !== "Transient";
		const made = await projections.create({
			name,
			mode,
			query: await readQuery(exchange),
			isEnabled: flag(query, "enabled", true),
			author: authorOf(exchange),
			settings: {
				...DEFAULTS,
				emitEnabled: isKept && flag(query, "emit", false),
				trackEmittedStreams: isKept && flag(query, "trackemittedstreams", false),
				sharesEmittedStreams: isKept && flag(query, "sharesemittedstreams", false),
				checkpointsEnabled: mode !== "OneTime" || flag(query, "checkpoints", false),
			},
		});
		const location = projectionLocation(baseFor(exchange), made);
		return answerNamed(made, 201, ["Location", location]);
	};
}

/** The text of a query, whatever its type is said to be. */
export async function readQuery({ req }: Exchange): Promise<string> {
	const body = await readBody(req, LIMITS.sourceBytes);
	if (!isUtf8(body)) {
		throw new Refusal("invalid-projection", { reason: "The query is not text in UTF-8." });
	}
	const text = body.toString();
	if (text.trim() === "") {
		throw new Refusal("invalid-projection", { reason: "The body must hold the query." });
	}
	return text;
}

/** @throws Refusal `invalid-projection` */
export function checkType(query: string): void {
	const type = parameter(query, "type") ?? "";
	if (type === "" || type.toLowerCase() === "js") return;
	throw new Refusal("invalid-projection", {
		reason: `Queries are of type JS; this server runs none of type ${type.slice(0, 64)}.`,
	});
}
