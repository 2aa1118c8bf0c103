// chalk asks this what the terminal can show, for which it loads node:tty and node:os; src/cli/style.ts tells it the level itself.
export default { stdout: false, stderr: false };
