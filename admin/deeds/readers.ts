/** Carries out the forms about groups and positions, and shows their page again. */
import { Refusal } from "../../src/errors.ts";
import type { Screen, ShownProblem, Visit } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { groupPath } from "../screens/readers/form.ts";
import { group } from "../screens/readers/group.ts";
import { groups } from "../screens/readers/groups.ts";
import { positions } from "../screens/readers/positions.ts";
import { startIn } from "../screens/start.ts";

type Perform = (visit: Visit, name: string, form: URLSearchParams) => Promise<string>;

/** Each returns the path to go on to. */
const DEEDS: Readonly<Record<string, Perform>> = {
	async create({ store }, name, form) {
		const given = new Map<string, unknown>([
			["stream", fieldIn(form, "stream")],
			["key", fieldIn(form, "key")],
			["partitions", numberIn(form)],
		]);
		await store.groups.create(name, given);
		return groupPath(name);
	},
	async change({ store }, name, form) {
		await store.groups.change(name, numberIn(form));
		return groupPath(name);
	},
	async reset({ store }, name, form) {
		await store.groups.reset(name, startIn(form));
		return groupPath(name);
	},
	async delete({ store }, name, form) {
		if (fieldIn(form, "confirm").trim() !== name) {
			throw malformed("What was typed is not what the form asks for. Nothing was changed.");
		}
		await store.groups.remove(name);
		return "/groups";
	},
	async drop({ store }, name) {
		await store.positions.remove(name);
		return "/positions";
	},
};

/** @throws Refusal `malformed-body` for a form that no page has */
export async function changeReaders(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = fieldIn(form, "action");
	const perform = Object.hasOwn(DEEDS, action) ? DEEDS[action] : undefined;
	if (!perform) throw malformed(`No form has the action '${action.slice(0, 40)}'.`);
	const name = fieldIn(form, "name").trim();
	try {
		return redirect(visit, await perform(visit, name, form));
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401) throw error;
		return again(frame, { action, name }, form, problem);
	}
}

/** The page that the form was on; if that is gone, what happened to it. */
async function again(
	frame: Frame,
	{ action, name }: { readonly action: string; readonly name: string },
	form: URLSearchParams,
	problem: ShownProblem,
): Promise<Screen> {
	if (action === "drop") return positions(frame, problem);
	if (action === "create") {
		const field = (of: string) => fieldIn(form, of);
		const fields = {
			name,
			stream: field("stream"),
			partitions: field("partitions"),
			key: field("key"),
		};
		return groups(frame, { problem, fields });
	}
	const target = { ...frame.visit.target, group: name };
	return group({ ...frame, visit: { ...frame.visit, target } }, problem);
}

function fieldIn(form: URLSearchParams, name: string): string {
	return form.get(name) ?? "";
}

/** @throws Refusal `malformed-body` */
function numberIn(form: URLSearchParams): number {
	const text = fieldIn(form, "partitions").trim();
	if (/^\d{1,4}$/.test(text)) return Number(text);
	throw malformed(`'${text.slice(0, 40)}' is no number of partitions.`);
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}
