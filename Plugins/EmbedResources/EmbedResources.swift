import Foundation
import PackagePlugin

/// Turns the files below a target's `Resources` folder into Swift source, so that the program finds them wherever it is installed:
/// a resource bundle is looked up by paths of the machine that built it.
@main
struct EmbedResources: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target as? any SourceModuleTarget else { return [] }
        let folder = target.directoryURL.appending(path: "Resources")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedResources.swift")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])?
            .compactMap { $0 as? URL }
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
        return [
            .buildCommand(
                displayName: "Embedding the resources of \(target.name)",
                executable: try context.tool(named: "EmbedTool").url,
                arguments: [folder.path(), output.path()],
                inputFiles: (files ?? []).sorted { $0.path() < $1.path() },
                outputFiles: [output])
        ]
    }
}
