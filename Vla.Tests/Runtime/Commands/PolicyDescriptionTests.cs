using Akka.Actor;
using TorchSharp;
using Vla.Actors.Policies;
using Vla.Runtime.Commands;
using Vla.Sensors.Images;

namespace Vla.Tests.Runtime.Commands;

/// <summary>What <c>vla model</c> says of a policy of any family.</summary>
public sealed class PolicyDescriptionTests
{
    [Theory]
    [InlineData(null, "Cameras:    whatever there is\n")]
    [InlineData(new string[0], "Cameras:    none\n")]
    [InlineData(new[] { "front", "wrist" }, "Cameras:    front 12x8, wrist 12x8\n")]
    public void Its_cameras_are_those_that_it_names_or_whatever_there_is(string[]? pictures, string line)
    {
        var output = new StringWriter { NewLine = "\n" };

        PolicyDescription.Of(new Looking(pictures), "a family", torch.CPU).Write(output);

        Assert.Contains(line, output.ToString(), StringComparison.Ordinal);
    }

    private sealed class Looking(string[]? pictures) : IPolicy
    {
        public PolicyInfo Info { get; } =
            new()
            {
                Name = "looking",
                Description = "",
                Trained = null,
                Note = "",
                StageTypes = new Dictionary<string, string>(),
            };

        public ImageSpec Image { get; } = new(Height: 8, Width: 12, Mean: [0, 0, 0], Std: [1, 1, 1]);

        public IReadOnlyList<string>? Pictures => pictures;

        public ActionSpec Action { get; } = new(["pan"], ["rad/s"], Mean: [0], Std: [1], Horizon: 1, StepMs: 20);

        public IReadOnlyList<PolicyStep> Steps { get; } = [new("look", "looker")];

        public IActorRef Start(IActorRefFactory parent, PolicyHost host) => ActorRefs.Nobody;
    }
}
