using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Vla.Tests.Project;

/// <summary>A project of somebody else's, outside the repository, made of what the documentation says.</summary>
/// <remarks>
/// Built by the SDK as its user does. Packages come from the folder that the repository's own restore filled: whoever
/// references Vla.Actors gets the versions that it was tested with. Vla itself is not built again: this process runs it.
/// </remarks>
public sealed partial class OutsideProjectTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public void A_robot_builds_without_a_warning()
    {
        Write("MyArm.csproj", Documentation.BlockWith("docs/robot.md", "xml", "<Project"));
        Write("MyArm.cs", Documentation.CodeWith("class MyArm"));

        Assert.Empty(BuildWarnings());
        Assert.True(File.Exists(_folder.File("bin/Release/net10.0/MyArm.dll")));
    }

    [LinuxFact]
    public void A_stage_and_its_test_build_without_a_warning_and_the_test_passes()
    {
        Write("MyStage.csproj", Documentation.BlockWith("docs/csharp.md", "xml", "<Project"));
        Write("LookOnly.cs", Documentation.CodeWith("LookOnlyActorTests"));

        Assert.Empty(BuildWarnings());
        Assert.Matches(@"Passed!  - Failed: +0, Passed: +1,", Dotnet("test", "--no-build"));
    }

    [Fact]
    public void The_documentations_projects_name_the_versions_that_the_repository_uses()
    {
        var central = XDocument.Load(Repository.File("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => (string)package.Attribute("Include")!, package => (string)package.Attribute("Version")!);
        var properties = XDocument.Load(Repository.File("Directory.Packages.props")).Descendants("PropertyGroup").Elements()
            .ToDictionary(property => property.Name.LocalName, property => property.Value);

        var named = Documentation.Pages.SelectMany(page => Documentation.Blocks(page, "xml"))
            .SelectMany(text => XDocument.Parse(text).Descendants("PackageReference")).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, package =>
        {
            var version = central[(string)package.Attribute("Include")!];
            Assert.Equal(Property().Replace(version, match => properties[match.Groups[1].Value]), (string)package.Attribute("Version")!);
        });
    }

    private void Write(string file, string text) =>
        File.WriteAllText(_folder.File(file), text.Replace("../vla/", Repository.File(".") + "/", StringComparison.Ordinal));

    /// <summary>What the build warns of. One that does not come again was of the machine, such as a file that was busy, not of the project.</summary>
    private string[] BuildWarnings()
    {
        var warnings = Warnings(Dotnet("build"));
        return warnings.Length == 0 ? warnings : Warnings(Dotnet("build", "--no-incremental"));
    }

    private static string[] Warnings(string output) =>
        [.. output.Split('\n').Where(line => line.Contains("warning", StringComparison.Ordinal)).Select(line => line.Trim()).Distinct()];

    private string Dotnet(string verb, params string[] arguments)
    {
        string[] restoring = verb == "build" ? [$"-p:RestoreSources={PackagesFolder()}", "-p:BuildProjectReferences=false", "-nodeReuse:false"] : [];
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        // Hard links, as the repository has them: a copy of libtorch is half a gigabyte.
        var (exitCode, output, errors) = Commands.Run(
            dotnet, _folder.Path, null,
            [verb, "-c", "Release", "-nologo", "-p:CreateHardLinksForCopyLocalIfPossible=true", .. restoring, .. arguments]);
        Assert.True(exitCode == 0, output + errors);
        return output;
    }

    private static string PackagesFolder()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.File("Vla.Actors/obj/project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Property();
}
