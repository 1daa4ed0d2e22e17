import type { LicenceFile } from '@genba/shared/local-api/licences';
/**
 * All packages by others that are needed at run time, with their licences, from the lock file and from what is
 * installed. Of those for other systems, which are not installed here, the licence is named without its text.
 * @throws Error where a package names no licence: somebody must look at it before it is shipped
 */
export declare function thirdPartyLicences(folder?: string): LicenceFile;
