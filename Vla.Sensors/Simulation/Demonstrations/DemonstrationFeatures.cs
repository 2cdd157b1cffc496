using OpenCvSharp;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Drawing;

namespace Vla.Sensors.Simulation.Demonstrations;

/// <summary>How a demonstration is recorded: LeRobot's usual features, and those that only a simulator knows.</summary>
/// <remarks>
/// <c>action</c> is what the expert wanted in the state, not what was carried out: that is what a policy should learn.
/// The disturbed action that led to the next state is <see cref="Executed"/>.
/// </remarks>
internal static class DemonstrationFeatures
{
    /// <summary>Frames a second: one for each control step.</summary>
    public const int Fps = 10;

    public const string RobotType = "vla_tabletop";

    /// <summary>The action that was carried out, [7].</summary>
    public const string Executed = "expert.executed";

    /// <summary>The instructions of the lessons, [3] indices of tasks; the first is the episode's own.</summary>
    public const string LessonTasks = "expert.task_index";

    /// <summary>The lessons' action chunks, [3 × 10 × 7].</summary>
    public const string Chunks = "expert.chunk";

    /// <summary>Where each lesson's block and goal are, [3 × 2 × (x, y)] in shares of the picture.</summary>
    public const string Targets = "expert.target";

    /// <summary>How each lesson's block is turned, [3 × (sin 4ψ, cos 4ψ)].</summary>
    public const string Turns = "expert.turn";

    /// <param name="imageSize">Width and height of the pictures.</param>
    public static IReadOnlyList<DatasetFeature> All(int imageSize) =>
        [
            DatasetFeature.Camera(DatasetFeature.FrontCamera, imageSize, imageSize),
            DatasetFeature.Floats(DatasetFeature.State, Tabletop.StateNames),
            DatasetFeature.Floats(DatasetFeature.Action, WorldAction.Names),
            DatasetFeature.Floats(Executed, WorldAction.Names),
            DatasetFeature.Tasks(LessonTasks, Demonstration.LessonCount),
            DatasetFeature.Floats(Chunks, Demonstration.LessonCount * Demonstration.Horizon * WorldAction.Dimensions),
            DatasetFeature.Floats(Targets, Demonstration.LessonCount * 4),
            DatasetFeature.Floats(Turns, Demonstration.LessonCount * 2),
        ];

    /// <summary>Records a whole demonstration.</summary>
    /// <param name="demonstration">At its beginning.</param>
    /// <param name="renderer">Draws pictures of the recording's size.</param>
    /// <param name="recording">Receives a frame for each step.</param>
    public static void Record(Demonstration demonstration, TabletopRenderer renderer, EpisodeRecording recording)
    {
        Span<float> action = stackalloc float[WorldAction.Dimensions];
        Span<float> state = stackalloc float[WorldAction.Dimensions];
        var chunks = new float[Demonstration.LessonCount * Demonstration.Horizon * WorldAction.Dimensions];
        var targets = new float[Demonstration.LessonCount * 4];
        var turns = new float[Demonstration.LessonCount * 2];
        using var picture = new Mat();
        do
        {
            renderer.Draw(demonstration.Table, picture);
            recording.Set(DatasetFeature.FrontCamera, picture);
            demonstration.Table.ReadState(state);
            recording.Set(DatasetFeature.State, state);
            Write(demonstration.Wanted, action);
            recording.Set(DatasetFeature.Action, action);
            Write(demonstration.Carried, action);
            recording.Set(Executed, action);

            var lessons = demonstration.Lessons();
            for (var i = 0; i < lessons.Count; i++)
            {
                var lesson = lessons[i];
                for (var step = 0; step < Demonstration.Horizon; step++)
                    Write(
                        lesson.Chunk[step],
                        chunks.AsSpan((i * Demonstration.Horizon + step) * WorldAction.Dimensions)
                    );
                (targets[4 * i], targets[4 * i + 1]) = (lesson.Block.X, lesson.Block.Y);
                (targets[4 * i + 2], targets[4 * i + 3]) = (lesson.Goal.X, lesson.Goal.Y);
                (turns[2 * i], turns[2 * i + 1]) = (lesson.Turn.Sin, lesson.Turn.Cos);
            }

            recording.SetTasks(LessonTasks, lessons.Select(lesson => lesson.Instruction));
            recording.Set(Chunks, chunks);
            recording.Set(Targets, targets);
            recording.Set(Turns, turns);
            recording.EndFrame(demonstration.Assignment.Instruction);
        } while (demonstration.Next());
    }

    private static void Write(in WorldAction action, Span<float> values)
    {
        (values[0], values[1], values[2]) = (action.X, action.Y, action.Z);
        (values[3], values[4], values[5]) = (action.Roll, action.Pitch, action.Yaw);
        values[6] = action.Gripper;
    }
}
