// The story is only to be read.

import { page } from "./frame.js";

page();
