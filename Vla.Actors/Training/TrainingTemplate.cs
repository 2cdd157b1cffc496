using Vla.Actors.Policies;
using Vla.Sensors.Images;

namespace Vla.Actors.Training;

/// <summary>What a policy that is to be trained wants of its data, as its <c>config.json</c> says.</summary>
/// <param name="Image">How pictures are cropped and resized.</param>
/// <param name="StateNames">Numbers of robot state, in order; empty for none.</param>
/// <param name="ActionNames">Numbers of an action, in order.</param>
/// <param name="Horizon">Actions in a chunk.</param>
public sealed record TrainingTemplate(ImageSpec Image, IReadOnlyList<string> StateNames, IReadOnlyList<string> ActionNames, int Horizon)
{
    /// <exception cref="PolicyException">The file is no policy's <c>config.json</c>.</exception>
    public static TrainingTemplate Read(string file)
    {
        var config = PolicyConfig.Read(file);
        return new TrainingTemplate(config.Image, config.State.Names, config.Action.Names, config.Action.Horizon);
    }
}
