/** What a server keeps for readers, and the projections that it runs. */
import type { Access } from "../access/access.ts";
import type { Settings } from "../config.ts";
import { Lags } from "../following/lag.ts";
import { Groups } from "../groups/groups.ts";
import type { Leadership, Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import { Positions } from "../positions/positions.ts";
import { Projections } from "../projections/projections.ts";
import { openScripts } from "../projections/script/script.ts";
import type { Pushes } from "../push/pushes.ts";
import { Subscriptions } from "../subscriptions/subscriptions.ts";
import { RightsOfAuthors } from "./authentication/author-rights.ts";
import type { AuthenticationContext } from "./authentication/open.ts";
import type { ReadersContext } from "./context.ts";
import { openPushes } from "./push.ts";

export type ReadersAround = {
	readonly log: Log;
	readonly leadership: Leadership;
	readonly report: (error: unknown) => void;
	readonly operatorLog: OperatorLog;
	/** The name of the log. */
	readonly name: string;
};

/** Of several servers over one log, the one that leads delivers to consumers and members. */
export function keptForReaders(around: ReadersAround): ReadersContext {
	const { log, leadership, report, operatorLog, name } = around;
	return {
		subscriptions: new Subscriptions({ log: leadership.log, operatorLog }),
		positions: new Positions(log, name, report),
		groups: new Groups({ log: leadership.log, operatorLog }),
		lags: new Lags(log),
	};
}

export type LeaderAround = {
	readonly leadership: Leadership;
	readonly access: Access;
	readonly authentication: AuthenticationContext;
	readonly settings: Settings;
	readonly operatorLog: OperatorLog;
};

/** Of several servers over one log, the one that leads runs them. */
export function projectionsOf(around: LeaderAround): Projections {
	const { leadership, access, authentication, settings, operatorLog } = around;
	const { users } = authentication.accounts;
	const rights = new RightsOfAuthors(access, users, settings.insecure);
	const limits = {
		...settings,
		get projectionsRunningMax() {
			return leadership.isLeading ? settings.projectionsRunningMax : 0;
		},
	};
	const { log } = leadership;
	return new Projections({ log, operatorLog, rights, scripts: openScripts(), limits });
}

/**
 * Of several servers over one log, the one that leads sends what goes out. A server that leads
 * again begins anew: what it had in memory is of another time.
 */
export class PushTerms {
	readonly #make: () => Pushes;
	#current: Pushes;
	/** Changes of the leader are followed one after another. */
	#followed: Promise<void> = Promise.resolve();
	#isClosed = false;

	/** @param here the URL under which this server is reached, once it listens */
	constructor(
		{ leadership, access, authentication, settings, operatorLog }: LeaderAround,
		report: (error: unknown) => void,
		here: () => string,
	) {
		const { accounts } = authentication;
		const parts = { log: leadership.log, access, accounts, operatorLog, report };
		this.#make = () => openPushes(parts, settings, here);
		this.#current = this.#make();
	}

	get current(): Pushes {
		return this.#current;
	}

	/** @param isLeading whether this server leads from now on */
	lead(isLeading: boolean): Promise<void> {
		const followed = this.#followed.then(() => this.#follow(isLeading));
		this.#followed = followed.catch(() => undefined);
		return followed;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#followed;
		await this.#current.close();
	}

	async #follow(isLeading: boolean): Promise<void> {
		if (this.#isClosed) return;
		if (isLeading) return this.#current.start();
		const ended = this.#current;
		this.#current = this.#make();
		await ended.close();
	}
}
