/** Carries out the forms about subscriptions, and shows their page again. */
import { Refusal } from "../../src/errors.ts";
import type { Screen, ShownProblem, Visit } from "../../src/screens.ts";
import type { Discarding } from "../../src/subscriptions/keeping/parked-messages.ts";
import { parseSubscriptionName, type SubscriptionName } from "../../src/subscriptions/names.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { startIn } from "../screens/start.ts";
import { confirmationOf, subscriptionPath } from "../screens/subscriptions/form.ts";
import { subscriptions } from "../screens/subscriptions/list.ts";
import { subscription } from "../screens/subscriptions/screen.ts";

type Perform = (visit: Visit, name: SubscriptionName, form: URLSearchParams) => Promise<string>;

/** Each returns the path to go on to. */
const DEEDS: Readonly<Record<string, Perform>> = {
	async create({ store }, name, form) {
		await store.subscriptions.create(name, settingsIn(form));
		return subscriptionPath(name);
	},
	async update({ store }, name, form) {
		await store.subscriptions.update(name, settingsIn(form));
		return subscriptionPath(name);
	},
	async reset({ store }, name, form) {
		await store.subscriptions.reset(name, startIn(form));
		return subscriptionPath(name);
	},
	async replay({ store }, name, form) {
		await store.subscriptions.replay(name, stopIn(form));
		return `${subscriptionPath(name)}#parked`;
	},
	async discard({ store }, name, form) {
		checkTyped(form, confirmationOf(name, "discard"));
		await store.subscriptions.discard(name, discardingIn(form));
		return `${subscriptionPath(name)}#parked`;
	},
	async delete({ store }, name, form) {
		checkTyped(form, confirmationOf(name, "delete"));
		await store.subscriptions.remove(name);
		return "/subscriptions";
	},
};

/** @throws Refusal `malformed-body` for a form that no page has */
export async function subscribe(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = form.get("action") ?? "";
	const perform = Object.hasOwn(DEEDS, action) ? DEEDS[action] : undefined;
	if (!perform) throw malformed(`No form has the action '${action.slice(0, 40)}'.`);
	const [stream, group] = [form.get("stream") ?? "", form.get("group") ?? ""];
	try {
		const name = parseSubscriptionName(stream, group);
		return redirect(visit, await perform(visit, name, form));
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status === 401) throw error;
		return action === "create"
			? subscriptions(frame, { problem, fields: { stream, group, settings: textIn(form) } })
			: again(frame, { stream, group }, problem, action === "update" ? textIn(form) : undefined);
	}
}

/** The page that the form was on; if that is gone, what happened to it. */
async function again(
	frame: Frame,
	name: { readonly stream: string; readonly group: string },
	problem: ShownProblem,
	settings: string | undefined,
): Promise<Screen> {
	const target = { ...frame.visit.target, ...name };
	return subscription({ ...frame, visit: { ...frame.visit, target } }, { problem, settings });
}

function textIn(form: URLSearchParams): string {
	return form.get("settings") ?? "";
}

/** @throws Refusal `malformed-body` */
function settingsIn(form: URLSearchParams): unknown {
	const text = textIn(form).trim();
	if (text === "") return {};
	try {
		return JSON.parse(text);
	} catch (error) {
		throw malformed(`The settings are not JSON: ${(error as Error).message}.`);
	}
}

/** @throws Refusal `malformed-body` */
function checkTyped(form: URLSearchParams, wanted: string): void {
	if ((form.get("confirm") ?? "").trim() === wanted.trim()) return;
	throw malformed("What was typed is not what the form asks for. Nothing was changed.");
}

/** @throws Refusal `malformed-body` */
function discardingIn(form: URLSearchParams): Discarding {
	const which = form.get("which");
	if (which === "all") return { what: "all" };
	const numbers = form.getAll("number").filter((text) => /^\d{1,15}$/.test(text));
	if (which === "marked" && numbers.length > 0)
		return { what: "some", numbers: numbers.map(Number) };
	throw malformed("No message is marked. Nothing was changed.");
}

/** @throws Refusal `malformed-body` */
function stopIn(form: URLSearchParams): number | undefined {
	const text = (form.get("stopAt") ?? "").trim();
	if (text === "") return undefined;
	if (/^\d{1,15}$/.test(text)) return Number(text);
	throw malformed(`'${text.slice(0, 40)}' is no number of a parked message.`);
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason });
}
