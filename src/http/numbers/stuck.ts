/** Counts projections, messages and webhooks that stand still until an operator does something. */
import type { StuckState } from "../../screens/state.ts";
import type { Context } from "../context.ts";
import { faultedProjections } from "./projections.ts";
import { openWebhooks } from "./push.ts";
import { parkedMessages } from "./subscriptions.ts";

/** Gives undefined if nothing is stuck. What the log refuses to tell counts as nothing. */
export async function stuckOf(context: Context): Promise<StuckState | undefined> {
	const [faulted, messages, webhooks] = await Promise.all([
		faultedProjections(context),
		parkedMessages(context),
		openWebhooks(context),
	]);
	const { open, parked } = webhooks;
	if (faulted + messages + parked + open === 0) return undefined;
	return {
		faultedProjections: faulted,
		parkedMessages: messages,
		parkedEvents: parked,
		openWebhooks: open,
	};
}
