# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DINPUT=file -DOUTPUT=file.cpp -DNAMESPACE=a::b -DNAME=kName -P EmbedText.cmake
# Writes a source file with the text as a constant, in pieces that every compiler takes.
file(READ "${INPUT}" text)
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "    R\"meshyard(${piece})meshyard\"\n")
    math(EXPR at "${at} + 8000")
endwhile()
file(WRITE "${OUTPUT}" "namespace ${NAMESPACE} {\nextern const char* const ${NAME};\nconst char* const ${NAME} =\n${pieces};\n}\n")
