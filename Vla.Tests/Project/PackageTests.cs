using System.IO.Compression;
using System.Reflection;
using System.Xml.Linq;
using Vla.Actors.Policies;
using Vla.Sensors;

namespace Vla.Tests.Project;

/// <summary>
/// The packages <c>Vla.Sensors</c> and <c>Vla.Actors</c>: what is in them, and that they are enough for a project of
/// somebody else's.
/// </summary>
public sealed class PackageTests : IClassFixture<PackageTests.Feed>
{
    private readonly Feed _feed;

    public PackageTests(Feed feed) => _feed = feed;

    [LinuxTheory]
    [InlineData(
        "Vla.Sensors",
        "K4os.Compression.LZ4, OpenCvSharp4, OpenCvSharp4.official.runtime.linux-x64, Parquet.Net, Snappier, "
            + "ZstdSharp.Port"
    )]
    [InlineData(
        "Vla.Actors",
        "Akka, HdrHistogram, MessagePack, Microsoft.Extensions.Logging.Abstractions, Microsoft.ML.Tokenizers, "
            + "NetMQ, System.IO.Hashing, TorchSharp, Vla.Sensors, libtorch-cpu-linux-x64"
    )]
    public void A_package_depends_on_what_its_project_uses_and_on_nothing_else(string package, string expected)
    {
        var dependencies = _feed.Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency");

        Assert.Equal(
            expected,
            string.Join(
                ", ",
                dependencies.Select(dependency => (string)dependency.Attribute("id")!).Order(StringComparer.Ordinal)
            )
        );
    }

    [LinuxTheory]
    [InlineData("Vla.Sensors")]
    [InlineData("Vla.Actors")]
    public void A_package_says_what_it_is_and_under_which_licence_and_has_comments_and_symbols(string package)
    {
        var nuspec = _feed.Nuspec(package);
        string? Value(string name) =>
            nuspec.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;

        Assert.Equal(package, Value("id"));
        Assert.Equal("Apache-2.0", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.NotEmpty(Value("description")!);
        Assert.NotEmpty(Value("tags")!);
        Assert.Null(Value("repository"));
        Assert.Null(Value("projectUrl"));
        Assert.Equal(
            ["README.md", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml"],
            _feed.Files(package, "nupkg")
        );
        Assert.Equal([$"lib/net10.0/{package}.pdb"], _feed.Files(package, "snupkg"));
    }

    [LinuxFact]
    public void A_project_that_has_the_packages_alone_builds_without_a_warning_and_passes_its_tests()
    {
        var project = XDocument.Parse(Documentation.BlockWith("docs/csharp.md", "xml", "<Project"));
        var reference = Assert.Single(project.Descendants("ProjectReference"));
        reference.ReplaceWith(
            new XElement(
                "PackageReference",
                new XAttribute("Include", "Vla.Actors"),
                new XAttribute("Version", _feed.Version)
            )
        );
        project.Save(_feed.File("MyStage/MyStage.csproj"));
        foreach (var code in OutsideProjectTests.CSharpPrograms())
            File.WriteAllText(_feed.File($"MyStage/{Path.GetRandomFileName()}.cs"), code);

        var built = _feed.Build("MyStage");

        Assert.Empty(UsersDotnet.Warnings(built));
        Assert.Matches(@"Passed!  - Failed: +0, Passed: +6,", _feed.Dotnet("test", "MyStage", "--no-build"));
    }

    [Theory]
    [InlineData(typeof(MonotonicTime))]
    [InlineData(typeof(IPolicy))]
    public void Every_public_type_says_what_it_is_for(Type ofAssembly)
    {
        var assembly = ofAssembly.Assembly;
        var said = XDocument
            .Load(Path.ChangeExtension(assembly.Location, ".xml"))
            .Descendants("member")
            .Where(member => member.Elements("summary").Any(summary => summary.Value.Trim().Length > 0))
            .Select(member => (string)member.Attribute("name")!)
            .ToHashSet(StringComparer.Ordinal);

        var silent = assembly
            .GetExportedTypes()
            .Select(type => type.FullName!.Replace('+', '.'))
            .Where(name => !said.Contains($"T:{name}"));

        Assert.Empty(silent);
    }

    /// <summary>
    /// A folder with both packages, made of what was built already, and beside it whatever uses them.
    /// </summary>
    public sealed class Feed : IDisposable
    {
        private readonly TemporaryDirectory _folder = new();

        public Feed()
        {
            if (!OperatingSystem.IsLinux())
                return;
            foreach (var package in new[] { "Vla.Sensors", "Vla.Actors" })
            {
                UsersDotnet.Run(
                    _folder.Path,
                    "pack",
                    Repository.File(package),
                    "-c",
                    Configuration,
                    "--no-build",
                    "-nologo",
                    "-nodeReuse:false",
                    $"-p:PackageVersion={Version}",
                    "-o",
                    File("feed")
                );
            }
        }

        /// <summary>No other run's: packages are kept by their version.</summary>
        public string Version { get; } = $"0.0.0-test.{Guid.NewGuid():N}";

        private static string Configuration { get; } =
            typeof(PackageTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

        public void Dispose() => _folder.Dispose();

        public string File(string path)
        {
            var file = _folder.File(path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            return file;
        }

        public XDocument Nuspec(string package)
        {
            using var archive = Open(package, "nupkg");
            using var nuspec = archive.GetEntry($"{package}.nuspec")!.Open();
            return XDocument.Load(nuspec);
        }

        /// <summary>What is in a package beside what every package has.</summary>
        public IEnumerable<string> Files(string package, string kind)
        {
            using var archive = Open(package, kind);
            return [.. archive.Entries.Select(entry => entry.FullName).Where(IsContent).Order(StringComparer.Ordinal)];
        }

        /// <summary>
        /// Builds a project beside the feed. What others published lies where the repository's restore put it, in the
        /// versions that the repository uses: that a package asks for an older one which is not there (NU1603) is of no
        /// interest.
        /// </summary>
        public string Build(string project) =>
            Dotnet(
                "build",
                project,
                $"-p:RestoreSources=\"{File("feed")};{OutsideProjectTests.PackagesFolder()}\"",
                $"-p:RestorePackagesPath={File("packages")}",
                $"-p:RestoreFallbackFolders={OutsideProjectTests.PackagesFolder()}",
                "-p:NoWarn=NU1603",
                "-nodeReuse:false"
            );

        public string Dotnet(string verb, string project, params string[] arguments) =>
            UsersDotnet.Run(
                File($"{project}/."),
                [verb, "-c", "Release", "-nologo", "-p:CreateHardLinksForCopyLocalIfPossible=true", .. arguments]
            );

        private static bool IsContent(string name) =>
            !name.StartsWith("_rels/", StringComparison.Ordinal)
            && !name.StartsWith("package/", StringComparison.Ordinal)
            && name != "[Content_Types].xml"
            && !name.EndsWith(".nuspec", StringComparison.Ordinal);

        private ZipArchive Open(string package, string kind) =>
            ZipFile.OpenRead(File($"feed/{package}.{Version}.{kind}"));
    }
}
