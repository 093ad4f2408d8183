/** The formats of a plain message of the server. */
import { type MediaType, mediaType } from "../media.ts";

export type MessageFormat = "text" | "json" | "xml";
export type MessageType = MediaType & { readonly format: MessageFormat };

const TEXT = mediaType("text/plain", "text");
const STRUCTURED = [
	mediaType("application/json", "json"),
	mediaType("text/xml", "xml"),
	mediaType("application/xml", "xml"),
] as const;

export const TEXT_TYPES: readonly MessageType[] = [...STRUCTURED, TEXT];
/** The same of an operator's routes, whose default the contract has as text. */
export const ADMIN_TYPES: readonly MessageType[] = [TEXT, ...STRUCTURED];
