namespace Vla.Tests.Project;

/// <summary>One MSBuild property chooses which libtorch comes with the build.</summary>
public sealed class TorchBackendTests
{
    private const string Cuda = "TorchSharp-cuda-linux";
    private const string Cpu = "libtorch-cpu-";

    [Fact]
    public void The_default_is_libtorch_for_the_cpu()
    {
        var references = PackageReferences();
        Assert.Contains(Cpu, references, StringComparison.Ordinal);
        Assert.DoesNotContain(Cuda, references, StringComparison.Ordinal);
    }

    [Fact]
    public void The_property_switches_to_cuda()
    {
        var references = PackageReferences("-p:TorchBackend=cuda");
        Assert.Contains(Cuda, references, StringComparison.Ordinal);
        Assert.DoesNotContain(Cpu, references, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_other_value_is_an_error_that_names_the_two()
    {
        var (exitCode, output, _) = MsBuild("-t:CheckTorchBackend", "-p:TorchBackend=tpu");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("TorchBackend is 'tpu': use cpu or cuda.", output, StringComparison.Ordinal);
    }

    private static string PackageReferences(params string[] properties)
    {
        var (exitCode, output, errors) = MsBuild(["-getItem:PackageReference", .. properties]);
        Assert.True(exitCode == 0, output + errors);
        return output;
    }

    private static (int ExitCode, string Output, string Errors) MsBuild(params string[] arguments)
    {
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .Where(pair => (string)pair.Key != "TorchBackend")
            .ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value!);
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return Commands.Run(
            dotnet,
            Repository.File("."),
            environment,
            ["msbuild", "Vla.Actors/Vla.Actors.csproj", "-nologo", "-nodeReuse:false", .. arguments]
        );
    }
}
