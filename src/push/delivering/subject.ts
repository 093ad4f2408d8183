/** What is delivered, to whom, and how: a webhook or a WebSub subscription, as the loop sees it. */
import type { Principal } from "../../access/principal.ts";
import type { StreamEntry } from "../../log/log.ts";
import type { Criterion } from "../../pages/filter.ts";
import type { SubscriptionName } from "../../subscriptions/names.ts";
import type { LastRule, RetryRules } from "../pace/verdict.ts";
import type { TargetUrl } from "../targets/target.ts";

export type Subject = {
	/** Names it, and the streams that keep it. */
	readonly key: string;
	readonly url: TargetUrl;
	readonly source: PushSource;
	readonly rules: DeliveryRules & LastRule;
	/** Whose rights count, as they are now; undefined if that user has none any more. */
	reader(): Promise<Principal | undefined>;
	/** Makes one request of some entries, at least one. */
	pack(entries: readonly StreamEntry[]): Packed;
};

export type PushSource = {
	readonly name: SubscriptionName;
	/** The first number. */
	readonly start: number;
	/** Where its settings stand in the log: whoever changed it has read all before. */
	readonly configuredAt: number;
	readonly filter: Criterion | undefined;
	/** `stream`, the path of a member of the data, or `none`: then there is no order. */
	readonly order: string;
	readonly resolveLinktos: boolean;
};

export type DeliveryRules = RetryRules & {
	/** Attempts that may be under way at a time. */
	readonly concurrency: number;
	/** Events of one request. */
	readonly batchMax: number;
	/** Requests a second; 0 for no limit of its own. */
	readonly ratePerSecond: number;
	readonly timeoutMs: number;
};

export type Packed = {
	/** The same in each attempt to send the same entries. */
	readonly id: string;
	readonly body: Uint8Array;
	/**
	 * The fields of the request, names and values in turn.
	 * @param timestamp of the attempt, in seconds since 1970
	 */
	fields(timestamp: number): readonly string[];
};
