using System.Reflection;
using System.Runtime.Loader;
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
        var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(
            Compile(Documentation.CodeWith("LookOnlyActorTests"), "LookOnly")
        );

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

        using (
            var robot = OutputRegistry
                .Parse($"dll:{library}#{port}")
                .Open(new OutputContext(profile, () => new ConsoleSnapshot(), null, TimeProvider.System))
        )
        {
            Assert.Equal($"my arm at {port}", robot.Name);
            robot.Apply(
                new PublishedAction
                {
                    Sequence = 1,
                    State = ControlState.Policy,
                    Reason = "",
                    Values = [1, 2, 3],
                    Clamped = 0,
                    Origin = default,
                    PublishedNs = 1,
                }
            );
        }

        Assert.Equal("1 2 3\n", File.ReadAllText(port));
    }

    private string Compile(string code, string name) => CompiledCode.Write(code, _folder.File(name + ".dll"));
}
