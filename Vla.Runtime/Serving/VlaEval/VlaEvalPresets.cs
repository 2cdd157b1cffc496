using Vla.Actors.Policies.Remote;

namespace Vla.Runtime.Serving.VlaEval;

/// <summary>The observations of vla-eval's benchmarks.</summary>
internal static class VlaEvalPresets
{
    /// <summary>The first is in force where nothing is said.</summary>
    public static IReadOnlyList<WireLayout> All { get; } =
    [
        new() { Name = "vla-eval", Prompt = "task_description" },
        new()
        {
            Name = "libero",
            Pictures = [Grouped("agentview"), Grouped("wrist")],
            State = [new("states", 8)],
            Prompt = "task_description",
            Actions = 7,
        },
        new()
        {
            Name = "simpler",
            Pictures = [Grouped("primary")],
            State = [new("states", 8)],
            Prompt = "task_description",
            Actions = 7,
        },
    ];

    private static WirePicture Grouped(string name) => new(name, name, 256, 256) { Group = "images" };
}
