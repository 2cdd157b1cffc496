using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Runtime.Settings;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Simulation;

/// <summary>Runs the simulated world's episodes: lays tables, finds the task in the words, judges, counts.</summary>
/// <remarks>
/// <para>
/// An attempt begins with every instruction, also one that was in force already, and with every new table. It ends when
/// the judge has decided or the time is over; the policy goes on meanwhile. Words that mean no task on the table are
/// the policy's to make something of: they are not judged. Where they name a thing that is not on the table, the arm
/// rests.
/// </para>
/// <para>Everything changes on the world's turn (<see cref="LiveWorld.Watch"/>), so no two threads change it at
/// once.</para>
/// </remarks>
internal sealed class WorldEpisodes
{
    /// <summary>How long a table that is laid anew by itself shows how the last attempt ended, seconds.</summary>
    public const double PauseSeconds = 1.5;

    private const int InstructionStream = 11;

    private readonly LiveWorld _world;
    private readonly WorldSettings _settings;
    private readonly InstructionBoard _instructions;
    private Action<string>? _give;
    private ControlLoop? _control;
    private Instruction? _given;
    private Assignment? _assigned;
    private object? _look;
    private TaskJudge? _judge;
    private double _beganSeconds;
    private double? _layAnewAt;
    private double _seconds;
    private WorldReport _report;

    /// <param name="world">Watched from now on.</param>
    /// <param name="settings">Time for an attempt, what comes after it.</param>
    /// <param name="instructions">Whatever is given here is attempted.</param>
    public WorldEpisodes(LiveWorld world, WorldSettings settings, InstructionBoard instructions)
    {
        (_world, _settings, _instructions) = (world, settings, instructions);
        _report = Describe(world.Observe(), episode: 0);
        _given = instructions.Current;
        instructions.Changed += given => Volatile.Write(ref _given, given);
        world.Watch(Look);
    }

    /// <summary>Called after everything that happens to an attempt, on the world's turn: it must be quick.</summary>
    public Action<WorldReport>? Changed { get; set; }

    /// <summary>Called whenever time has gone by, on the world's turn: it must be quick, and only read.</summary>
    public Action<Tabletop>? Looked { get; set; }

    /// <summary>The task being attempted; null when the words in force mean none, or the attempt has ended.</summary>
    public WorldTask? TaskUnderWay =>
        Volatile.Read(ref _report).Judgement == Judgement.UnderWay ? Volatile.Read(ref _judge)?.Task : null;

    /// <summary>True while the task is done and nothing else has been said: the arm then rests.</summary>
    public bool IsDone => Volatile.Read(ref _report).Judgement == Judgement.Succeeded;

    /// <summary>True while the words in force name a thing that is not on the table: the arm then rests.</summary>
    public bool IsMissing => Volatile.Read(ref _report).Missing.Length > 0;

    public WorldReport Read() =>
        Volatile.Read(ref _report) with
        {
            Seconds = Math.Round(Volatile.Read(ref _seconds), 2),
        };

    /// <summary>
    /// Tells who acts in the world; where each table comes with an instruction, the first gets its own.
    /// </summary>
    /// <param name="control">Plans made for an earlier table are replaced there.</param>
    /// <param name="give">Gives an instruction; may be called from any thread and must return at once.</param>
    public void Start(ControlLoop control, Action<string> give)
    {
        (_control, _give) = (control, give);
        if (_instructions.Current is null && AssignmentFor(_world.Observe()) is { } first)
            GiveAssigned(first);
    }

    /// <summary>
    /// What the table says of words, before they become the instruction in force. Safe from any thread.
    /// </summary>
    public SceneAnswer Answer(string instruction)
    {
        // A table's own instruction means its task, whatever its words.
        if (Volatile.Read(ref _assigned) is { } assigned && assigned.Instruction == instruction)
            return SceneAnswer.Fine;
        var (problem, note) = SceneWords.Look(_world.Observe(), instruction);
        return new SceneAnswer(problem, note);
    }

    /// <summary>Lays another table.</summary>
    /// <param name="seed">Which; null for the one after the present.</param>
    public WorldReport Begin(long? seed = null)
    {
        var table = Tabletop.Create(seed ?? Read().Seed + 1, _settings.Level);
        Begin(table, AssignmentFor(table));
        return Read();
    }

    /// <summary>Lays a table.</summary>
    /// <param name="table">Handed over.</param>
    /// <param name="assignment">Its instruction, which means the assigned task whatever its words; null for the one in
    /// force.</param>
    public void Begin(Tabletop table, Assignment? assignment)
    {
        Volatile.Write(ref _assigned, assignment);
        _world.Reset(table);
        if (_control is not null)
            _control.Demand.SceneBeganNs = _world.EpisodeBeganNs;
        if (assignment is not null)
            GiveAssigned(assignment);
    }

    private Assignment? AssignmentFor(Tabletop table) =>
        _settings.Instructions == WorldInstructions.Assigned
            ? Assignment.Choose(table, Phrasing.Train, new WorldRandom(table.Seed, InstructionStream))
            : null;

    private void GiveAssigned(Assignment assignment)
    {
        Volatile.Write(ref _assigned, assignment);
        _give?.Invoke(assignment.Instruction);
    }

    private void Look(Tabletop table)
    {
        var given = Interlocked.Exchange(ref _given, null);
        if (table.Look != _look)
        {
            _look = table.Look;
            _report = Describe(table, _report.Episode + 1) with
            {
                Successes = _report.Successes,
                Attempts = _report.Attempts,
            };
            // An instruction of its own is on its way.
            Attempt(_assigned is null ? given ?? _instructions.Current : null, table);
        }
        else if (given is not null)
        {
            Attempt(given, table);
        }

        if (_report.Judgement == Judgement.UnderWay)
            Judge(table);
        Looked?.Invoke(table);
        if (_layAnewAt is not { } due || table.Seconds < due)
            return;
        _layAnewAt = null;
        Begin();
    }

    private void Attempt(Instruction? instruction, Tabletop table)
    {
        var task =
            instruction is null ? null
            : _assigned is { } assigned && assigned.Instruction == instruction.Text ? assigned.Task
            : TaskWords.Find(table, instruction.Text);
        Volatile.Write(ref _judge, task is { } found ? new TaskJudge(found, table) : null);
        (_beganSeconds, _layAnewAt) = (table.Seconds, null);
        Volatile.Write(ref _seconds, 0);
        Publish(
            _report with
            {
                Task = task is { } named ? TaskWords.Say(table, named) : null,
                Judgement = task is null ? Judgement.None : Judgement.UnderWay,
                Reason = "",
                Missing =
                    task is null && instruction is not null ? SceneWords.Look(table, instruction.Text).Problem : "",
            }
        );
    }

    private void Judge(Tabletop table)
    {
        var seconds = table.Seconds - _beganSeconds;
        Volatile.Write(ref _seconds, seconds);
        var state = _judge!.Look(table);
        var judgement = state switch
        {
            TaskState.Succeeded => Judgement.Succeeded,
            TaskState.Failed => Judgement.Failed,
            _ => seconds >= _settings.AttemptSeconds ? Judgement.TimedOut : Judgement.UnderWay,
        };
        if (judgement == Judgement.UnderWay)
            return;

        var succeeded = judgement == Judgement.Succeeded;
        Publish(
            _report with
            {
                Judgement = judgement,
                Reason = _judge.Reason,
                Attempts = _report.Attempts + 1,
                Successes = _report.Successes + (succeeded ? 1 : 0),
            }
        );
        var laysAnew =
            _settings.AutoReset == AutoReset.Always || (_settings.AutoReset == AutoReset.Success && succeeded);
        if (laysAnew)
            _layAnewAt = table.Seconds + PauseSeconds;
    }

    private void Publish(WorldReport report)
    {
        Volatile.Write(ref _report, report);
        Changed?.Invoke(Read());
    }

    private static WorldReport Describe(Tabletop table, long episode) =>
        new()
        {
            Level = (int)table.Level,
            Seed = table.Seed,
            Episode = episode,
            Blocks =
            [
                .. Enumerable
                    .Range(0, table.Blocks.Length)
                    .Select(block => TaskWords.NameOf(table, block) ?? table.Blocks[block].Colour.Name),
            ],
            Trays = [.. table.Trays.Select(tray => tray.Colour.Name)],
        };
}
