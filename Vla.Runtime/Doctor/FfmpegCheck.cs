using Vla.Sensors.Videos;

namespace Vla.Runtime.Doctor;

/// <summary>Is the <c>ffmpeg</c> program there, which reads and writes the videos that OpenCV cannot?</summary>
internal static class FfmpegCheck
{
    public static IEnumerable<Finding> Look() => Look(FfmpegProgram.OfThisMachine);

    /// <param name="program">To be looked at.</param>
    public static IEnumerable<Finding> Look(FfmpegProgram program)
    {
        const string Install = "sudo apt-get install ffmpeg";
        if (!program.IsInstalled)
        {
            yield return Finding.Note(
                "ffmpeg",
                "not installed: videos in AV1, which LeRobot records by default, cannot be read, and recordings are "
                    + "MPEG-4 part 2, which browsers do not play",
                Install
            );
            yield break;
        }

        var codec = VideoCodec.Best(program);
        yield return codec.Note is { } note
            ? Finding.Note(
                "ffmpeg",
                $"{program.Version}: reads videos that OpenCV cannot, AV1 for one, but {note[..note.IndexOf(':')]}",
                Install
            )
            : Finding.Ok(
                "ffmpeg",
                $"{program.Version}: reads videos that OpenCV cannot, AV1 for one; recordings are {codec.Name}"
            );
    }
}
