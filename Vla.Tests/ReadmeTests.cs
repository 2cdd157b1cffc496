using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Vla.Actors.Robots;
using Vla.Runtime.Outputs;

namespace Vla.Tests;

/// <summary>Keeps README.md and docs/ honest: their code compiles, and it does what they say.</summary>
public sealed class ReadmeTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_readme_is_short() => Assert.InRange(Documentation.Read("README.md").Count(c => c == '\n'), 1, 150);

    [Fact]
    public async Task The_test_of_an_actor_of_ones_own_compiles_and_passes()
    {
        var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(Compile(Documentation.CodeWith("LookOnlyActorTests"), "LookOnly"));

        var specs = assembly.GetType("LookOnlyActorTests", throwOnError: true)!;
        var spec = Assert.Single(specs.GetMethods(), method => method.GetCustomAttribute<FactAttribute>() is not null);
        using var instance = (IDisposable)Activator.CreateInstance(specs)!;
        await (Task)spec.Invoke(instance, null)!;
    }

    [Fact]
    public void The_robot_of_ones_own_compiles_loads_and_gets_its_actions()
    {
        var library = Compile(Documentation.CodeWith("class MyArm"), "MyArm");
        var port = _folder.File("port");
        var profile = RobotProfile.Load(Repository.File("config/robots/notebook.json"));

        using (var robot = Assert.Single(RobotFactory.Create([$"dll:{library}#{port}"], profile, () => new ConsoleSnapshot(), null)))
        {
            Assert.Equal($"my arm at {port}", robot.Name);
            robot.Apply(new PublishedAction
            {
                Sequence = 1,
                State = ControlState.Policy,
                Reason = "",
                Values = [1, 2, 3],
                Clamped = 0,
                Origin = default,
                PublishedNs = 1,
            });
        }

        Assert.Equal("1 2 3\n", File.ReadAllText(port));
    }

    private string Compile(string code, string name)
    {
        const string ImplicitUsings = "global using System; global using System.IO; global using System.Linq; global using System.Threading.Tasks;";
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            name, [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(code)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var file = _folder.File(name + ".dll");

        Assert.Empty(compilation.Emit(file).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error));
        return file;
    }
}
