import { record } from "@rrweb/record";

(window as unknown as { watchworthy: unknown }).watchworthy = record;
