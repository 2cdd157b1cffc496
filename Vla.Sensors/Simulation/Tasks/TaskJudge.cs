namespace Vla.Sensors.Simulation.Tasks;

/// <summary>How a task stands.</summary>
public enum TaskState
{
    /// <summary>Neither done nor failed yet.</summary>
    UnderWay,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Cannot be done any more.</summary>
    Failed,
}

/// <summary>Decides from the state of the world alone whether a task is done.</summary>
/// <remarks>
/// <list type="table">
/// <item><term>reach</term><description>hand within 2 cm of above the block, 6 to 14 cm high, for 0.3
/// s</description></item>
/// <item><term>pick</term><description>the block is held, higher than 9 cm</description></item>
/// <item><term>put</term><description>let go, at rest within 4 cm of the tray's middle in x and y, jaw open wider than
/// 5.5 cm, hand higher than 7 cm</description></item>
/// <item><term>push</term><description>moved more than 5 cm the right way and less than 3.5 cm aside, not
/// lifted</description></item>
/// </list>
/// Lifting a block that was not to be lifted is a failure, and so is pushing one the wrong way or far aside, or pushing
/// another one instead. What is decided stays decided.
/// </remarks>
public sealed class TaskJudge
{
    /// <summary>"reach": how near in the plane, metres.</summary>
    public const double ReachWithin = 0.02;

    /// <summary>"reach": the lowest height over the block's middle that counts, metres.</summary>
    public const double ReachLowest = 0.06;

    /// <summary>"reach": the largest height that counts, metres.</summary>
    public const double ReachHighest = 0.14;

    /// <summary>"reach": how long it has to stay there, seconds.</summary>
    public const double ReachSeconds = 0.3;

    /// <summary>"pick up": how high the block has to be lifted, metres.</summary>
    public const double PickHeight = 0.09;

    /// <summary>"put": how near to the tray's middle, metres.</summary>
    public const double PutWithin = 0.04;

    /// <summary>"put": how far the jaw has to be open, metres.</summary>
    public const double PutJaw = 0.055;

    /// <summary>"put": how high the hand has to be, metres.</summary>
    public const double PutHeight = 0.07;

    /// <summary>"push": how far in the direction, metres.</summary>
    public const double PushWay = 0.05;

    /// <summary>"push": how far aside at most, metres.</summary>
    public const double PushAside = 0.035;

    /// <summary>A held block so much above what is below it counts as lifted, metres.</summary>
    public const double Lifted = 0.03;

    private readonly WorldTask _task;
    private readonly (double X, double Y)[] _start;
    private readonly int _heldAtStart;
    private double? _aboveSince;

    /// <param name="task">What is to be done.</param>
    /// <param name="table">As it is when it begins.</param>
    public TaskJudge(WorldTask task, Tabletop table)
    {
        _task = task;
        _start = new (double, double)[table.Blocks.Length];
        for (var i = 0; i < _start.Length; i++)
            _start[i] = (table.Blocks[i].X, table.Blocks[i].Y);
        _heldAtStart = table.Gripper.Held;
    }

    /// <summary>What is judged.</summary>
    public WorldTask Task => _task;

    /// <summary>How it stands.</summary>
    public TaskState State { get; private set; }

    /// <summary>Why it failed, a short sentence; empty unless it did.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Looks at the world; call it after every control step, or more often.</summary>
    public TaskState Look(Tabletop table)
    {
        if (State != TaskState.UnderWay)
            return State;
        if (Failure(table) is { } reason)
            (State, Reason) = (TaskState.Failed, reason);
        else if (IsDone(table))
            State = TaskState.Succeeded;
        return State;
    }

    private bool IsDone(Tabletop table)
    {
        ref readonly var hand = ref table.Gripper;
        var block = table.Blocks[_task.Block];
        switch (_task.Kind)
        {
            case TaskKind.Reach:
                double dx = hand.X - block.X,
                    dy = hand.Y - block.Y;
                var above =
                    !hand.Holds
                    && dx * dx + dy * dy < ReachWithin * ReachWithin
                    && hand.Z is > ReachLowest and < ReachHighest;
                if (above)
                    _aboveSince ??= table.Seconds;
                else
                    _aboveSince = null;
                return table.Seconds - _aboveSince >= ReachSeconds - 1e-9;
            case TaskKind.Pick:
                return hand.Held == _task.Block && block.Z > PickHeight;
            case TaskKind.Put:
                return TaskFeasibility.IsOnTray(table, _task.Block, _task.Tray)
                    && hand.Jaw > PutJaw
                    && hand.Z > PutHeight;
            default:
                var (way, aside) = Pushed(block);
                return hand.Held != _task.Block && way > PushWay && aside < PushAside;
        }
    }

    private string? Failure(Tabletop table)
    {
        var held = table.Gripper.Held;
        var mayLift = _task.Kind is TaskKind.Pick or TaskKind.Put ? _task.Block : -1;
        if (
            held >= 0
            && held != mayLift
            && held != _heldAtStart
            && table.Blocks[held].Bottom - table.SupportBelow(held) > Lifted
        )
        {
            return $"the {table.Blocks[held].Colour} block was lifted";
        }

        if (_task.Kind != TaskKind.Push)
            return null;
        var (way, aside) = Pushed(table.Blocks[_task.Block]);
        if (aside >= PushAside)
            return "the block was pushed aside";
        if (way < -PushWay)
            return "the block was pushed the wrong way";
        for (var i = 0; i < _start.Length; i++)
        {
            if (i == _task.Block || i == _heldAtStart)
                continue;
            double dx = table.Blocks[i].X - _start[i].X,
                dy = table.Blocks[i].Y - _start[i].Y;
            if (dx * dx + dy * dy > PushWay * PushWay)
                return $"the {table.Blocks[i].Colour} block was pushed";
        }

        return null;
    }

    private (double Way, double Aside) Pushed(in Block block) =>
        ((block.X - _start[_task.Block].X) * _task.Direction, Math.Abs(block.Y - _start[_task.Block].Y));
}
