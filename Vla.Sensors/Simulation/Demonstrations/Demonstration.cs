using Vla.Sensors.Simulation.Drawing;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Sensors.Simulation.Demonstrations;

/// <summary>One episode in which the expert shows a task while it is disturbed, step by step.</summary>
/// <remarks>
/// <para>
/// At each step <see cref="Wanted"/> is what the expert does in this state and <see cref="Carried"/> what is carried
/// out instead, so that a policy sees the way back from mistakes; see <see cref="DemonstrationNoise"/>. It ends a
/// little after the task is done, so that keeping still is shown too, when it has failed, or after
/// <see cref="MostSteps"/>.
/// </para>
/// <para>
/// Some episodes begin where another task has ended: with a block in the hand or on a tray. The same seed gives the
/// same episode.
/// </para>
/// </remarks>
internal sealed class Demonstration
{
    /// <summary>Longest episode, control steps of 0.1 s.</summary>
    public const int MostSteps = 70;

    /// <summary>
    /// Lessons at each step: the episode's own instruction first, then others that would have been possible.
    /// </summary>
    public const int LessonCount = 3;

    /// <summary>Actions in a lesson's chunk.</summary>
    public const int Horizon = 10;

    /// <summary>World seeds from here on are kept for evaluation: no demonstration has them.</summary>
    public const long SeedLimit = 1_000_000_000;

    private const int StepsAfterSuccess = 4;
    private const double BeginAfterAnotherTask = 0.2;

    /// <summary>
    /// How often something else is asked for while the hand holds a block: it must be put down first.
    /// </summary>
    private const double AskOtherWhileHolding = 0.2;

    /// <summary>
    /// How often each kind of task is shown, in the order of <see cref="TaskKind"/>: the longer the more often.
    /// </summary>
    private static readonly double[] Weights = [1, 2, 4, 2];

    private readonly WorldRandom _random;
    private readonly DemonstrationNoise _noise;
    private readonly TaskJudge _judge;
    private readonly Tabletop _scratch;
    private readonly string _name;
    private int _left = MostSteps;

    private Demonstration(Tabletop table, Assignment assignment, DemonstrationNoise noise, WorldRandom random)
    {
        (Table, Assignment, _noise, _random) = (table, assignment, noise, random);
        _judge = new TaskJudge(assignment.Task, table);
        _name = TaskWords.Say(table, assignment.Task);
        _scratch = table.Clone();
        Decide();
    }

    /// <summary>The world as it is at this step; for reading.</summary>
    public Tabletop Table { get; }

    /// <summary>What is to be done, in words for training.</summary>
    public Assignment Assignment { get; }

    /// <summary>What the expert wants in this state.</summary>
    public WorldAction Wanted { get; private set; }

    /// <summary>What is carried out in this step.</summary>
    public WorldAction Carried { get; private set; }

    /// <summary>How the task stands.</summary>
    public TaskState State => _judge.State;

    /// <summary>Begins the episode of a seed.</summary>
    /// <param name="seed">0 to <see cref="SeedLimit"/> − 1; everything follows from it.</param>
    /// <param name="level">How hard.</param>
    /// <param name="noisy">False: the expert is left alone.</param>
    public static Demonstration Begin(long seed, WorldLevel level, bool noisy = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(seed, SeedLimit);
        var random = new WorldRandom(seed, stream: 200 + (int)level);
        var table = Tabletop.Create(seed, level);
        var noise = new DemonstrationNoise(random);
        if (noisy)
        {
            noise.DisturbStart(table);
            if (random.Chance(BeginAfterAnotherTask))
                DoAnother(table, random);
        }

        var assignment = Assignment.Choose(table, Phrasing.Train, random, Weights);
        return new Demonstration(table, assignment, noisy ? noise : DemonstrationNoise.None(random), random);
    }

    /// <summary>
    /// What could be learnt in this state, <see cref="LessonCount"/> of them; different ones at every call.
    /// </summary>
    public IReadOnlyList<Lesson> Lessons()
    {
        var lessons = new Lesson[LessonCount];
        lessons[0] = Teach(Assignment);
        for (var i = 1; i < lessons.Length; i++)
            lessons[i] = Teach(ChooseOther());
        return lessons;
    }

    /// <summary>Carries out the step.</summary>
    /// <returns>False when the episode is over.</returns>
    public bool Next()
    {
        Table.Step(Carried);
        var state = _judge.Look(Table);
        if (state == TaskState.Succeeded)
            _left = Math.Min(_left, StepsAfterSuccess + 1);
        if (--_left <= 0 || state == TaskState.Failed || !MeansTheSame())
            return false;
        Decide();
        return true;
    }

    private static void DoAnother(Tabletop table, WorldRandom random)
    {
        var task = Assignment.Choose(table, Phrasing.Train, random, Weights).Task;
        var judge = new TaskJudge(task, table);
        for (var i = 0; i < MostSteps && judge.Look(table) == TaskState.UnderWay; i++)
            table.Step(Expert.Act(table, task));
    }

    private void Decide()
    {
        Wanted = Expert.Act(Table, Assignment.Task);
        Carried = _noise.Disturb(Wanted);
    }

    /// <summary>False when things have moved so that the instruction would now mean another block.</summary>
    private bool MeansTheSame() =>
        TaskWords.CanName(Table, Assignment.Task.Block) && TaskWords.Say(Table, Assignment.Task) == _name;

    private Assignment ChooseOther()
    {
        var held = Table.Gripper.Held;
        if (held < 0 || _random.Chance(AskOtherWhileHolding))
            return Assignment.Choose(Table, Phrasing.Train, _random, Weights);

        var tasks = TaskFeasibility
            .Offers(Table)
            .Where(task => task.Block == held && task.Kind is TaskKind.Pick or TaskKind.Put)
            .ToArray();
        return tasks.Length == 0
            ? Assignment.Choose(Table, Phrasing.Train, _random, Weights)
            : Assignment.Of(tasks[_random.Below(tasks.Length)], Table, Phrasing.Train, _random);
    }

    private Lesson Teach(Assignment assignment)
    {
        var task = assignment.Task;
        var chunk = new WorldAction[Horizon];
        Expert.Plan(Table, task, _scratch, chunk);
        var block = Table.Blocks[task.Block];
        var place = Project(new WorldPoint(block.X, block.Y, block.Z));
        var goal =
            task.Kind == TaskKind.Put
                ? Project(new WorldPoint(Table.Trays[task.Tray].X, Table.Trays[task.Tray].Y, Tray.Height))
                : place;
        return new Lesson(assignment.Instruction, chunk, place, goal, QuarterTurns.Of(block.Yaw));
    }

    private PicturePlace Project(WorldPoint point)
    {
        var (x, y) = Table.Look.Camera.Project(point, 1, 1);
        return new PicturePlace((float)x, (float)y);
    }
}
