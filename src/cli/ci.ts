/** Systems that run us without anybody watching: their log is read afterwards, line by line. */
import { fstatSync } from "node:fs";

/** What they set, beside the CI of most of them. */
const MARKS = [
  "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TRAVIS", "APPVEYOR", "BITBUCKET_BUILD_NUMBER", "CODEBUILD_BUILD_ID", "DRONE", "CIRRUS_CI",
];

export function isCi(env: NodeJS.ProcessEnv): boolean {
  const isSet = (name: string): boolean => !["", "0", "false", undefined].includes(env[name]?.toLowerCase());
  return isSet("CI") || MARKS.some(isSet);
}

/** Whether GitHub Actions takes what stands on this stream for its own commands: it reads pipes, and nobody else does there. */
export function isReadByActions(env: NodeJS.ProcessEnv, fd: number): boolean {
  if (env["GITHUB_ACTIONS"] !== "true") return false;
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false; // it is closed
  }
}
