/** Carries out the forms about projections, and shows their page again. */
import { Refusal } from "../../src/errors.ts";
import { MODES, type Mode } from "../../src/projections/definition.ts";
import type { Screen } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { projectionPath } from "../screens/projections/form.ts";
import { projections } from "../screens/projections/list.ts";
import { projection } from "../screens/projections/screen.ts";
import { question } from "../screens/question/screen.ts";

const COMMANDS = ["enable", "disable", "reset", "delete"] as const;

/** @throws Refusal `malformed-body` for a form that no page has */
export async function project(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = form.get("action") ?? "";
	const name = (form.get("name") ?? "").trim();
	// A form has the line breaks of HTTP; a script has its own.
	const query = (form.get("query") ?? "").replaceAll("\r\n", "\n");
	const { projections: store } = visit.store;
	if (action === "ask") return question(frame, query);
	try {
		if (action === "create") {
			const mode = modeIn(form);
			const emits = form.get("emits") === "yes";
			return redirect(visit, projectionPath(await store.create({ name, mode, query, emits })));
		}
		const command = COMMANDS.find((one) => one === action);
		if (action === "update") await store.update(name, query);
		else if (command) await store.command(name, command);
		else throw malformed(`No form has the action '${action.slice(0, 40)}'.`);
		return redirect(visit, action === "delete" ? "/projections" : projectionPath(name));
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401 || problem.status === 404) throw error;
		if (action === "create") {
			const fields = { name, mode: form.get("mode") ?? "", query };
			return projections(frame, { problem, fields });
		}
		const target = { ...visit.target, id: name };
		const again = { ...frame, visit: { ...visit, target } };
		return projection(again, { problem, query: action === "update" ? query : undefined });
	}
}

/** @throws Refusal `malformed-body` */
function modeIn(form: URLSearchParams): Mode {
	const mode = MODES.find((one) => one === form.get("mode"));
	if (mode === undefined) throw malformed("The form names no mode.");
	return mode;
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}
