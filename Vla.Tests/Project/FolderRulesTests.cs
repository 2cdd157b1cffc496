using System.Reflection;
using Vla.Actors.Policies;
using Vla.Sensors;

namespace Vla.Tests.Project;

/// <summary>Which project may use what, and what lies in the output.</summary>
public sealed class FolderRulesTests
{
    [Theory]
    [InlineData("Akka")]
    [InlineData("TorchSharp")]
    [InlineData("Microsoft.AspNetCore")]
    public void Sensors_do_not_use(string forbidden) =>
        Assert.Empty(References(typeof(MonotonicTime).Assembly, forbidden));

    [Fact]
    public void Actors_do_not_use_AspNet() =>
        Assert.Empty(References(typeof(IPolicy).Assembly, "Microsoft.AspNetCore"));

    [Fact]
    public void The_rules_look_at_the_right_assemblies()
    {
        Assert.NotEmpty(References(typeof(MonotonicTime).Assembly, "OpenCvSharp"));
        Assert.NotEmpty(References(typeof(IPolicy).Assembly, "Akka"));
        Assert.NotEmpty(References(typeof(IPolicy).Assembly, "TorchSharp"));
    }

    [LinuxFact]
    public void The_output_has_one_libtorch_and_no_library_of_another_system()
    {
        var files = Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories);
        Assert.Single(files, file => Path.GetFileName(file) == "libtorch.so");
        Assert.DoesNotContain(files, file => file.EndsWith(".dylib", StringComparison.Ordinal));
        Assert.DoesNotContain(
            files,
            file => Path.GetFileName(file) is "torch_cpu.dll" or "OpenCvSharpExtern.dll" or "libSkiaSharp.dll"
        );
    }

    private static IEnumerable<string> References(Assembly assembly, string start) =>
        assembly
            .GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith(start, StringComparison.Ordinal));
}
