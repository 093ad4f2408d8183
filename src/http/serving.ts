/**
 * One server over a log: the context its handlers work in, the door in front of them, and how both
 * close. Several servers in a process may serve one log; each remembers for itself.
 */
import { Access } from "../access/access.ts";
import { changesDefaults } from "../access/acls.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { InitialUser } from "../accounts/users/users.ts";
import { Documents } from "../cache/documents.ts";
import { isOpen, OPTIONS, OptionsInForce, type Settings } from "../config.ts";
import { Refusal } from "../errors.ts";
import { LastVersions } from "../following/last-versions.ts";
import { LiveReaders } from "../following/live-readers.ts";
import { LongPolls } from "../following/long-polls.ts";
import { StreamLists } from "../listing/list.ts";
import type { HiddenReads, Leadership, Log } from "../log/log.ts";
import { logNameOf } from "../log/tree.ts";
import { RecentRing } from "../observe/numbers/recent.ts";
import { RequestNumbers } from "../observe/numbers/requests.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import type { Otlp } from "../observe/otlp/otlp.ts";
import { RecentLines } from "../observe/recent-lines.ts";
import { RequestLog } from "../observe/requests.ts";
import { parseCaches } from "../purging/addresses.ts";
import { type Purging, startPurging } from "../purging/purging.ts";
import type { Screens } from "../screens.ts";
import { Searches } from "../searching/searches.ts";
import { FaultReports } from "./answering/faults.ts";
import { closeAuthentication, openAuthentication } from "./authentication/open.ts";
import type { Context, LogContext } from "./context.ts";
import { keptForReaders, PushTerms, projectionsOf } from "./kept.ts";
import { createNeeds } from "./lanes/needs.ts";
import { startOtlpOf } from "./numbers/collector.ts";
import { Figures } from "./numbers/figures.ts";
import { ServerStats } from "./numbers/stats.ts";
import { ROUTES } from "./routes.ts";
import { HttpServer, type Lanes } from "./server.ts";
import type { Certificates } from "./sockets/certificates.ts";
import { prefixOf, urlsAt } from "./urls.ts";
import { VERSION } from "./version.ts";

const RETRY_AFTER_SECONDS = 1;
/** Whoever renews certificates does it earlier. */
const EXPIRES_SOON_MS = 14 * 24 * 3600 * 1000;

/** The log and its services. The server hands the hidden reads to purging and access alone. */
export type ServedLog = Omit<LogContext, "leadership"> & {
	/** By default, this server is the only one over its log. */
	readonly leadership?: Leadership;
	readonly hidden: HiddenReads;
	/** The admin UI, if there is to be one. */
	readonly screens?: Screens | undefined;
	/** The newest lines of the operator log, if it keeps them. */
	readonly lines?: RecentLines;
	/** By default, those of the settings. */
	readonly options?: OptionsInForce;
	/** The users of a log that has none; by default those that the settings name. */
	readonly initialUsers?: readonly InitialUser[];
	/** By default, one that knows the accounts of the log. */
	readonly authenticator?: Authenticator;
	/** Told whose password was set. */
	readonly onPassword?: (login: string) => void;
};

export class Serving {
	readonly context: Context;
	readonly #hidden: HiddenReads;
	readonly #http: HttpServer;
	readonly #operatorLog: OperatorLog;
	readonly #forgetOnErasure: () => void;
	readonly #terms: PushTerms;
	#stopFollowing: () => void = () => undefined;
	readonly #recent: RecentRing;
	#port = 0;
	#purging: Purging | undefined;
	#otlp: Otlp | undefined;
	#unready: Refusal | undefined;
	#unreadyMs: number | undefined;

	/** @param lanes `express-only` serves every request the long way, to compare the two */
	constructor(
		{ hidden, screens, lines = new RecentLines(), options, ...served }: ServedLog,
		settings: Settings,
		operatorLog: OperatorLog,
		lanes: Lanes = "both",
	) {
		const { initialUsers, authenticator, onPassword, ...stored } = served;
		const { log, leadership = ledAlone(stored.log) } = stored;
		const { longPollsMax, liveStreamsMax } = settings;
		const documents = documentsFor(settings);
		const report = new FaultReports(operatorLog).report;
		this.#recent = new RecentRing(new Figures(() => this.context).take, report);
		const logins = { initialUsers, authenticator, onPassword, report };
		const authentication = openAuthentication(log, settings, logins);
		const access = new Access(log, hidden, isOpen(settings));
		const around = { leadership, access, authentication, settings, operatorLog };
		const terms = new PushTerms(around, report, () => urlOf(settings, this.#port));
		this.#terms = terms;
		this.context = {
			...stored,
			settings,
			...authentication,
			neededBy: createNeeds(ROUTES),
			access,
			documents,
			lists: new StreamLists(log),
			searches: new Searches(log, settings),
			screens,
			startedMs: Date.now(),
			longPolls: new LongPolls(log, longPollsMax),
			leadership,
			...keptForReaders({ log, leadership, report, operatorLog, name: logNameOf(stored.tree.key) }),
			projections: projectionsOf(around),
			get pushes() {
				return terms.current;
			},
			liveReaders: new LiveReaders(log, liveStreamsMax),
			lastVersions: new LastVersions(log, settings.store !== undefined),
			report,
			lines,
			options: options ?? new OptionsInForce(OPTIONS, settings),
			requests: new RequestLog(operatorLog, settings.logRequests),
			unready: () => this.#unready,
			unreadyMs: () => this.#unreadyMs,
			purging: () => this.#purging?.state() ?? (settings.purgeUrl === undefined ? undefined : []),
			requestNumbers: new RequestNumbers(ROUTES),
			sockets: () => this.#http.sockets(),
			recent: this.#recent,
			stats: new ServerStats(() => this.context).tree,
			tracing: () => this.#otlp?.tracing,
		};
		this.#hidden = hidden;
		this.#http = new HttpServer(this.context, lanes);
		this.#operatorLog = operatorLog;
		this.#forgetOnErasure = log.onCommit((commit) => {
			const { marked } = commit;
			if (changesDefaults(commit)) documents.forgetAll();
			else if (marked.length > 0) documents.forget(marked);
		});
	}

	/**
	 * What this node has in memory of a subscription or a group is not what the next leader makes of
	 * it.
	 */
	#changeLeader(isLeading: boolean): void {
		const { subscriptions, groups, projections, report } = this.context;
		this.#terms.lead(isLeading).catch(report);
		subscriptions.restart().catch(report);
		groups.restart().catch(report);
		projections.lead().catch(report);
	}

	/**
	 * Starts to tell the caches in front, if there are any, and listens.
	 * @returns the port it listens on
	 */
	async listen(): Promise<number> {
		const { log, settings, accounts, sessions, leadership, report } = this.context;
		await accounts.load();
		await sessions.load().catch(report);
		this.#purging = await startPurgingOf(log, this.#hidden, settings, this.#operatorLog);
		this.#otlp = await startOtlpOf(this.context, VERSION, this.#operatorLog);
		this.#tell(this.#http.certificates);
		this.#port = await this.#http.listen(settings.port, settings.host);
		this.context.projections.start().catch(report);
		// What is sent out names this server by its port.
		this.#stopFollowing = leadership.onChange((isLeading) => this.#changeLeader(isLeading));
		// A log that answers late is no reason to serve late.
		if (leadership.isLeading) this.#terms.lead(true).catch(report);
		return this.#port;
	}

	/**
	 * Reads the files of TLS again, for new connections. If they cannot be used, the certificate of
	 * before stays.
	 */
	renewCertificate(): void {
		try {
			this.#tell(this.#http.renew());
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			this.#operatorLog.error(
				"the new certificate cannot be used; that of before stays",
				error.facts,
			);
		}
	}

	#tell(certificates: Certificates | undefined): void {
		if (certificates === undefined) return;
		const { shown, untilMs } = certificates;
		this.#operatorLog.info("certificate read", shown);
		if (untilMs - Date.now() < EXPIRES_SOON_MS) {
			this.#operatorLog.warn("the certificate expires soon, or has expired", {
				until: shown.until,
			});
		}
	}

	/**
	 * Makes `/health/ready` tell load balancers to send no more requests; the first reason counts.
	 */
	refuseWith(reason: Refusal): void {
		this.#unready ??= reason;
		this.#unreadyMs ??= Date.now();
	}

	/**
	 * Drains: answers the requests that wait, and lets running ones end. The log stays open.
	 * @param settled resolves when nothing outside this server erases any more; until then the
	 *   server goes on telling caches of erasures
	 */
	async close(settled: Promise<unknown> = Promise.resolve()): Promise<void> {
		const { longPolls, liveReaders, lastVersions, lists, access } = this.context;
		const retryAfterSeconds = RETRY_AFTER_SECONDS;
		this.#unready = new Refusal("shutting-down", { retryAfterSeconds });
		this.#unreadyMs = Date.now();
		this.#stopFollowing();
		longPolls.close();
		liveReaders.close();
		const { subscriptions, groups, projections } = this.context;
		const parts = [subscriptions, groups, projections, this.#terms].map((part) => part.close());
		await Promise.all([this.#http.close(), settled, ...parts]);
		// They read the log, which its owner closes after this.
		await Promise.all([this.#recent.close(), this.#otlp?.close()]);
		await closeAuthentication(this.context);
		lastVersions.close();
		this.context.positions.close();
		lists.close();
		access.close();
		this.#forgetOnErasure();
		await this.#purging?.close();
	}
}

function documentsFor({ cacheBytesMax, cachePagesMax, sealedMaxAge }: Settings): Documents {
	return new Documents({ bytesMax: cacheBytesMax, countMax: cachePagesMax, sealedMaxAge });
}

function ledAlone(log: Log): Leadership {
	return { isLeading: true, leader: undefined, log, onChange: () => () => undefined };
}

/** Where it is reached, as far as it knows. */
function urlOf({ publicUrl, host, tlsCert }: Settings, port: number): string {
	const scheme = tlsCert === undefined ? "http" : "https";
	return publicUrl ?? `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function startPurgingOf(
	log: Context["log"],
	hidden: HiddenReads,
	{ purgeUrl, purgeMethod, purgeBy, publicUrl, data }: Settings,
	operatorLog: OperatorLog,
): Promise<Purging | undefined> {
	if (purgeUrl === undefined) return undefined;
	return startPurging(log, hidden, {
		caches: parseCaches(purgeUrl) ?? [],
		method: purgeMethod,
		by: purgeBy === "urls" ? "urls" : "tags",
		paths: urlsAt(publicUrl === undefined ? "" : prefixOf(publicUrl), log),
		host: publicUrl === undefined ? undefined : new URL(publicUrl).host,
		directory: data,
		say: (text) => operatorLog.warn(text),
	});
}
