/** Carries out the forms of the Operations page, and shows the page again. */
import { Refusal } from "../../src/errors.ts";
import type { Operations, Screen } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { operations } from "../screens/operations/screen.ts";

type Deed = {
	readonly anchor: string;
	perform(operations: Operations, percent: number): Promise<void>;
};

const DEEDS: Readonly<Record<string, Deed>> = {
	"start-scavenge": {
		anchor: "scavenge",
		perform: (operations, percent) => operations.startScavenge(percent),
	},
	"stop-scavenge": { anchor: "scavenge", perform: (operations) => operations.stopScavenge() },
	"start-verification": {
		anchor: "verification",
		perform: (operations, percent) => operations.startVerification(percent),
	},
	"stop-verification": {
		anchor: "verification",
		perform: (operations) => operations.stopVerification(),
	},
};

/** @throws Refusal `malformed-body` for a form that the page does not have */
export async function operate(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const action = form.get("action") ?? "";
	const deed = Object.hasOwn(DEEDS, action) ? DEEDS[action] : undefined;
	if (deed === undefined) {
		const reason = `No form has the action '${action.slice(0, 40)}'.`;
		throw new Refusal("malformed-body", { reason });
	}
	const percent = percentOf(form.get("throttlePercent") ?? "25");
	try {
		await deed.perform(visit.store.operations, percent);
		return redirect(visit, `/admin#${deed.anchor}`);
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined) throw error;
		return operations(frame, problem);
	}
}

/** @throws Refusal `malformed-body` */
function percentOf(text: string): number {
	const percent = /^\d{1,3}$/.test(text) ? Number(text) : 0;
	if (percent >= 1 && percent <= 100) return percent;
	throw new Refusal("malformed-body", { reason: "throttlePercent takes a number from 1 to 100." });
}
