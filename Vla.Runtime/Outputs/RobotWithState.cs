using Vla.Actors.Robots;

namespace Vla.Runtime.Outputs;

/// <summary>A robot whose state is read meanwhile: before it is closed, the reading is ended.</summary>
internal sealed class RobotWithState(IRobot robot, RobotStateReader state) : IRobot
{
    public string Name => robot.Name;

    public bool MayBlock => robot.MayBlock;

    public bool Moves => robot.Moves;

    public int QueueCapacity => robot.QueueCapacity;

    // What somebody else wrote may write into what it is given: it gets a copy, as it would without this class around it.
    public void Apply(PublishedAction action) => robot.Apply(action with { Values = ActionValues.Create(action.Values.AsSpan()) });

    public void Dispose()
    {
        state.Dispose();
        robot.Dispose();
    }
}
